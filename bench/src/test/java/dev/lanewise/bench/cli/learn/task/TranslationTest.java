package dev.lanewise.bench.cli.learn.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TranslationTest {
  private static final Map<String, String> NOUNS =
      Map.ofEntries(
          Map.entry("house", "casa"),
          Map.entry("dog", "perro"),
          Map.entry("book", "libro"),
          Map.entry("table", "mesa"),
          Map.entry("cat", "gato"),
          Map.entry("moon", "luna"),
          Map.entry("boat", "barco"),
          Map.entry("chair", "silla"),
          Map.entry("river", "río"),
          Map.entry("door", "puerta"),
          Map.entry("bread", "pan"),
          Map.entry("star", "estrella"));
  private static final Map<String, String> STEMS =
      Map.of(
          "red", "roj", "black", "negr", "white", "blanc", "small", "pequeñ", "new", "nuev", "old", "viej", "tall", "alt", "pretty",
          "bonit");

  /** Translates word by word by the rules of this test. */
  private static List<String> translate(List<String> english) {
    List<String> spanish = new ArrayList<>();
    for (int i = 0; i < english.size(); i++) {
      String word = english.get(i);
      if (STEMS.containsKey(word)) {
        String noun = NOUNS.get(english.get(i + 1));
        spanish.add(noun);
        spanish.add(STEMS.get(word) + (noun.endsWith("a") ? "a" : "o"));
        i++;
      } else {
        spanish.add(word.equals("and") ? "y" : NOUNS.getOrDefault(word, word));
      }
    }
    return spanish;
  }

  @Test
  void sentencesAreTranslatedByTheRules() {
    Translation task = new Translation(4);
    Translation.Pairs pairs = task.draw(new SplittableRandom(5), 300);
    Set<Integer> lengths = new HashSet<>();
    for (int s = 0; s < pairs.count(); s++) {
      List<String> english = new ArrayList<>();
      List<String> spanish = new ArrayList<>();
      for (int i = 0; i < pairs.length(); i++) {
        english.add(Translation.source(pairs.source()[s * pairs.length() + i]));
        spanish.add(Translation.target(pairs.target()[s * pairs.length() + i]));
      }
      assertThat(spanish).isEqualTo(translate(english));
      assertThat(english.indexOf(".")).isEqualTo(pairs.words()[s] - 1);
      assertThat(english.stream().filter("and"::equals).count()).isBetween(1L, 3L);
      lengths.add(pairs.words()[s]);
    }
    assertThat(lengths).contains(4, task.length());
    assertThat(Arrays.stream(pairs.source())).allMatch(token -> token >= 0 && token < task.sourceVocabulary());
    assertThat(Arrays.stream(pairs.target())).allMatch(token -> token >= 0 && token < task.targetVocabulary());
  }
}
