package dev.lanewise.bench.cli.train.data;

import dev.lanewise.bench.cli.train.data.PairFile.Pair;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A domain that no model has read about: a catalogue of parts, each with a code such as {@code ZUB-KEM-TAL-RIF} and a description such as
 * “a red valve of brass for salt water”. Each of the four syllables of a code stands for one property. Syllables, and what they stand for,
 * follow from the seed, so a description can be found by its code only after learning from other parts. No part occurs twice.
 */
public final class MadeUpPairs {
  private static final List<List<String>> PROPERTIES =
      List.of(
          List.of("valve", "pump", "hinge", "filter", "bearing", "lever", "spring", "nozzle", "cable", "lamp", "wheel", "bell"),
          List.of("brass", "steel", "copper", "nylon", "oak", "glass", "rubber", "silver", "clay", "bamboo", "wool", "carbon"),
          List.of(
              "salt water",
              "a kitchen",
              "great heat",
              "aircraft",
              "gardens",
              "deep cold",
              "a hospital",
              "tall towers",
              "night work",
              "small boats",
              "old clocks",
              "mountain trains"),
          List.of("red", "blue", "green", "yellow", "black", "white", "pink", "grey"));

  private static final List<String> FORMS =
      List.of(
          "a %4$s %1$s of %2$s for %3$s",
          "%1$s, %2$s, %4$s, made for %3$s", "for %3$s: a %1$s of %4$s %2$s", "%4$s %2$s %1$s used in %3$s");

  private static final String CONSONANTS = "bdfgklmnprstvz";
  private static final String VOWELS = "aeiou";

  private final SplittableRandom random;
  private final List<List<String>> syllables = new ArrayList<>();
  private final Set<String> drawn = new HashSet<>();

  private MadeUpPairs(long seed) {
    random = new SplittableRandom(seed);
    Set<String> used = new HashSet<>();
    for (List<String> values : PROPERTIES) {
      List<String> names = new ArrayList<>();
      while (names.size() < values.size()) {
        String syllable = "" + letter(CONSONANTS) + letter(VOWELS) + letter(CONSONANTS);
        if (used.add(syllable)) {
          names.add(syllable.toUpperCase(Locale.ROOT));
        }
      }
      syllables.add(names);
    }
  }

  private char letter(String letters) {
    return letters.charAt(random.nextInt(letters.length()));
  }

  /** Number of different parts. */
  public static int most() {
    return PROPERTIES.stream().mapToInt(List::size).reduce(1, Math::multiplyExact);
  }

  /**
   * Invents pairs of a code and a description, all different.
   *
   * @param count at most {@link #most}
   */
  public static List<Pair> of(long seed, int count) {
    if (count < 0 || count > most()) {
      throw new IllegalArgumentException("count is " + count + ", must be from 0 to " + most());
    }
    MadeUpPairs source = new MadeUpPairs(seed);
    List<Pair> pairs = new ArrayList<>();
    while (pairs.size() < count) {
      Pair pair = source.next();
      if (source.drawn.add(pair.query())) {
        pairs.add(pair);
      }
    }
    return pairs;
  }

  private Pair next() {
    List<String> code = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (int property = 0; property < PROPERTIES.size(); property++) {
      int value = random.nextInt(PROPERTIES.get(property).size());
      code.add(syllables.get(property).get(value));
      words.add(PROPERTIES.get(property).get(value));
    }
    String form = FORMS.get(random.nextInt(FORMS.size()));
    return new Pair(String.join("-", code), String.format(Locale.ROOT, form, words.toArray()));
  }
}
