package dev.lanewise.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenGroupsTest {
  private static List<TokenSequence> sequences(int... lengths) {
    List<TokenSequence> sequences = new ArrayList<>();
    for (int length : lengths) {
      sequences.add(new TokenSequence(new int[length], null, length));
    }
    return sequences;
  }

  private static int tokens(List<TokenSequence> sequences, int[] group) {
    int tokens = 0;
    for (int number : group) {
      tokens += sequences.get(number).length();
    }
    return tokens;
  }

  @Test
  void everySequenceIsInOneGroupTheLongestFirst() {
    Random random = new Random(5);
    for (int trial = 0; trial < 300; trial++) {
      int threads = 1 + random.nextInt(4);
      int longest = 2 + random.nextInt(random.nextBoolean() ? 30 : 700);
      List<TokenSequence> sequences = sequences(random.ints(random.nextInt(400), 1, longest).toArray());
      TokenGroups groups = TokenGroups.of(sequences, threads);
      String name = "trial " + trial;
      List<Integer> seen = new ArrayList<>();
      int before = Integer.MAX_VALUE;
      int most = groups.areForOneThread() ? 512 : 2048;
      for (int g = 0; g < groups.count(); g++) {
        int[] group = groups.get(g);
        assertThat(group).as(name).isNotEmpty();
        assertThat(group.length == 1 || tokens(sequences, group) <= most).as(name).isTrue();
        for (int number : group) {
          seen.add(number);
          assertThat(sequences.get(number).length()).as(name).isLessThanOrEqualTo(before);
          before = sequences.get(number).length();
        }
      }
      Collections.sort(seen);
      assertThat(seen).as(name).hasSize(sequences.size());
      assertThat(new ArrayList<>(new java.util.TreeSet<>(seen))).as(name).isEqualTo(seen);
    }
  }

  @Test
  void threadsShareTheProductsOfFewTokens() {
    assertThat(TokenGroups.of(sequences(20), 2).areForOneThread()).isFalse();
    assertThat(TokenGroups.of(sequences(20, 20, 20), 2).areForOneThread()).isFalse();
    assertThat(TokenGroups.of(sequences(500, 20), 2).areForOneThread()).isFalse();
    assertThat(TokenGroups.of(sequences(500, 500, 500, 500), 2).areForOneThread()).isTrue();
    assertThat(TokenGroups.of(Collections.nCopies(100, sequences(20).getFirst()), 2).areForOneThread()).isTrue();
    assertThat(TokenGroups.of(sequences(20), 1).areForOneThread()).isTrue();
    assertThat(TokenGroups.of(List.of(), 2).count()).isZero();
  }

  @Test
  void groupsBecomeSmallTowardsTheEnd() {
    List<TokenSequence> sequences = new ArrayList<>(Collections.nCopies(2000, sequences(20).getFirst()));
    TokenGroups groups = TokenGroups.of(sequences, 2);
    assertThat(tokens(sequences, groups.get(0))).isEqualTo(500);
    assertThat(tokens(sequences, groups.get(groups.count() - 1))).isLessThanOrEqualTo(128);
  }

  @Test
  void roundsCoverAllGroups() {
    TokenGroups groups = TokenGroups.of(Collections.nCopies(10_000, sequences(20).getFirst()), 2);
    int rounds = 0;
    int first = 0;
    while (first < groups.count()) {
      int end = groups.roundEnd(first);
      assertThat(end).isGreaterThan(first).isLessThanOrEqualTo(groups.count());
      first = end;
      rounds++;
    }
    assertThat(rounds).isBetween(6, 7);
  }
}
