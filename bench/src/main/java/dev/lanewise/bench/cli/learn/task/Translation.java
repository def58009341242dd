package dev.lanewise.bench.cli.learn.task;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * English phrases and their Spanish translation. A phrase is a noun, or an adjective and a noun; phrases are joined by "and". Spanish puts
 * the adjective after the noun, and its ending follows the gender of the noun.
 *
 * <pre>
 * red house and dog and old book   →   casa roja y perro y libro viejo
 * </pre>
 */
public final class Translation {
  /** The token that ends a sentence of either language, and fills up the places after it. */
  public static final int END = 0;

  private static final int AND = 1;
  private static final int FIRST = 2;

  /** English, Spanish, gender. */
  private static final String[][] NOUNS = {
    {"house", "casa", "f"}, {"dog", "perro", "m"}, {"book", "libro", "m"}, {"table", "mesa", "f"},
    {"cat", "gato", "m"}, {"moon", "luna", "f"}, {"boat", "barco", "m"}, {"chair", "silla", "f"},
    {"river", "río", "m"}, {"door", "puerta", "f"}, {"bread", "pan", "m"}, {"star", "estrella", "f"}
  };

  /** English, Spanish with a masculine noun, Spanish with a feminine noun. */
  private static final String[][] ADJECTIVES = {
    {"red", "rojo", "roja"}, {"black", "negro", "negra"}, {"white", "blanco", "blanca"}, {"small", "pequeño", "pequeña"},
    {"new", "nuevo", "nueva"}, {"old", "viejo", "vieja"}, {"tall", "alto", "alta"}, {"pretty", "bonito", "bonita"}
  };

  private final int phrases;

  /**
   * Creates the task.
   *
   * @param phrases phrases of each sentence
   */
  public Translation(int phrases) {
    this.phrases = phrases;
  }

  /**
   * Pairs of sentences. Both end with {@link #END}, which also fills up shorter ones.
   *
   * @param count number of pairs
   * @param length tokens of each sentence
   * @param source count × length
   * @param target count × length
   * @param words tokens of each sentence up to the end, equal in both languages
   */
  public record Pairs(int count, int length, int[] source, int[] target, int[] words) {}

  /** Tokens of the longest sentence, with its end. */
  public int length() {
    return 3 * phrases;
  }

  /** Number of English tokens. */
  public int sourceVocabulary() {
    return FIRST + NOUNS.length + ADJECTIVES.length;
  }

  /** Number of Spanish tokens. */
  public int targetVocabulary() {
    return FIRST + NOUNS.length + 2 * ADJECTIVES.length;
  }

  /** The text of an English token. */
  public static String source(int token) {
    if (token < FIRST) {
      return token == END ? "." : "and";
    }
    int word = token - FIRST;
    return word < NOUNS.length ? NOUNS[word][0] : ADJECTIVES[word - NOUNS.length][0];
  }

  /** The text of a Spanish token. */
  public static String target(int token) {
    if (token < FIRST) {
      return token == END ? "." : "y";
    }
    int word = token - FIRST;
    int form = word - NOUNS.length;
    return word < NOUNS.length ? NOUNS[word][1] : ADJECTIVES[form / 2][1 + form % 2];
  }

  /** Draws sentences with two phrases or more, up to the number of this task. */
  public Pairs draw(SplittableRandom random, int count) {
    int length = length();
    Pairs pairs = new Pairs(count, length, new int[count * length], new int[count * length], new int[count]);
    for (int i = 0; i < count; i++) {
      int from = i * length;
      int at = from;
      Arrays.fill(pairs.source, from, from + length, END);
      Arrays.fill(pairs.target, from, from + length, END);
      int drawn = Math.min(phrases, 2 + random.nextInt(Math.max(1, phrases - 1)));
      for (int phrase = 0; phrase < drawn; phrase++) {
        if (phrase > 0) {
          pairs.source[at] = AND;
          pairs.target[at++] = AND;
        }
        at = phrase(random, pairs, at);
      }
      pairs.words[i] = at - from + 1;
    }
    return pairs;
  }

  /** Writes a phrase, and returns the place after it. */
  private static int phrase(SplittableRandom random, Pairs pairs, int at) {
    int noun = random.nextInt(NOUNS.length);
    if (random.nextInt(3) == 0) {
      pairs.source[at] = FIRST + noun;
      pairs.target[at] = FIRST + noun;
      return at + 1;
    }
    int adjective = random.nextInt(ADJECTIVES.length);
    pairs.source[at] = FIRST + NOUNS.length + adjective;
    pairs.source[at + 1] = FIRST + noun;
    pairs.target[at] = FIRST + noun;
    pairs.target[at + 1] = FIRST + NOUNS.length + 2 * adjective + ("f".equals(NOUNS[noun][2]) ? 1 : 0);
    return at + 2;
  }
}
