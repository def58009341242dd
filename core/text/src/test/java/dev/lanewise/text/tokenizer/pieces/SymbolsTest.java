package dev.lanewise.text.tokenizer.pieces;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Long words: the heap of pairs gives the same pieces as a search of all pairs for each merge. */
class SymbolsTest {
  private static final int LETTERS = 2;

  @Test
  void thePairOfTheSmallestRankIsMergedFirst() {
    for (long seed = 0; seed < 300; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      Merges merges = new Merges();
      for (int rule = 0; rule < 60; rule++) {
        int pieces = Math.min(LETTERS + rule, 10); // most pairs of the first pieces have a rule
        merges.add(random.nextInt(pieces), random.nextInt(pieces), LETTERS + rule);
      }
      int[] word = random.ints(seed % 120, 0, LETTERS).toArray();
      Symbols symbols = new Symbols(random.nextInt(4));
      for (int i = 0; i < word.length; i++) {
        symbols.add(word[i], 2 * i, 2 * i + 2);
      }
      symbols.merge(merges);
      List<String> actual = new ArrayList<>();
      symbols.copyTo((id, begin, end) -> actual.add(id + " " + begin + "-" + end));
      assertThat(actual).as("seed " + seed).isEqualTo(merged(merges, word));
    }
  }

  /** Merges the leftmost pair of the smallest rank until there is none. */
  private static List<String> merged(Merges merges, int[] word) {
    List<int[]> parts = new ArrayList<>();
    for (int i = 0; i < word.length; i++) {
      parts.add(new int[] {word[i], 2 * i, 2 * i + 2});
    }
    while (true) {
      int best = Merges.NONE;
      int place = 0;
      for (int i = 0; i + 1 < parts.size(); i++) {
        int rank = merges.rank(parts.get(i)[0], parts.get(i + 1)[0]);
        if (rank != Merges.NONE && (best == Merges.NONE || rank < best)) {
          best = rank;
          place = i;
        }
      }
      if (best == Merges.NONE) {
        return parts.stream().map(part -> part[0] + " " + part[1] + "-" + part[2]).toList();
      }
      parts.set(place, new int[] {merges.result(best), parts.get(place)[1], parts.remove(place + 1)[2]});
    }
  }
}
