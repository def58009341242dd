package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compares with a search in the whole text. */
class StopStringsTest {
  private static final int TRIALS = 20_000;

  @Test
  void equalsASearchInTheWholeText() {
    Random random = new Random(11);
    int stopped = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
      List<String> stops = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        stops.add(letters(random, 1 + random.nextInt(4)));
      }
      List<String> pieces = new ArrayList<>();
      for (int i = random.nextInt(8); i > 0; i--) {
        pieces.add(letters(random, random.nextInt(5)));
      }
      stopped += check("trial " + trial + ": " + stops + " in " + pieces, stops, pieces) ? 1 : 0;
    }
    assertThat(stopped).isBetween(TRIALS / 10, TRIALS * 9 / 10);
  }

  private static boolean check(String name, List<String> stops, List<String> pieces) {
    StopStrings search = new StopStrings(stops);
    StringBuilder all = new StringBuilder();
    StringBuilder given = new StringBuilder();
    for (String piece : pieces) {
      all.append(piece);
      given.append(search.append(piece));
      String expected = before(stops, all.toString());
      assertThat(search.found()).as(name).isEqualTo(expected != null);
      if (expected == null) {
        assertThat(given.toString()).as(name).isEqualTo(all.substring(0, all.length() - mayBegin(stops, all.toString())));
      }
    }
    String expected = before(stops, all.toString());
    given.append(search.finish());
    assertThat(given.toString()).as(name).isEqualTo(expected == null ? all.toString() : expected);
    return expected != null;
  }

  /** The text before the stop string that is complete first; null if there is none. */
  private static String before(List<String> stops, String text) {
    for (int end = 1; end <= text.length(); end++) {
      String head = text.substring(0, end);
      int longest = stops.stream().filter(head::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return head.substring(0, end - longest);
      }
    }
    return null;
  }

  /** Length of the longest end of a text that may begin a stop string. */
  private static int mayBegin(List<String> stops, String text) {
    for (int length = text.length(); length > 0; length--) {
      String end = text.substring(text.length() - length);
      if (stops.stream().anyMatch(stop -> stop.length() > end.length() && stop.startsWith(end))) {
        return length;
      }
    }
    return 0;
  }

  private static String letters(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(2)));
    }
    return text.toString();
  }
}
