package dev.lanewise.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences divided into groups of similar length, the longest sequences first. Groups for one thread each become smaller at the end, so
 * that no thread waits long for the last one.
 */
final class TokenGroups {
  /** Most tokens of a group that one thread computes. Its rows then stay in the L3 cache, and larger products are not faster. */
  private static final int LARGEST = 512;

  /** Fewer tokens than this make products that are limited by reading the weights. */
  private static final int SMALLEST = 128;

  /** Most tokens of a group whose products the threads share. It needs about 30 MB of scratch memory. */
  private static final int LARGEST_SHARED = 2048;

  /** Tokens after which a call lets other calls go first: about a second of a small model on one core. */
  private static final int ROUND = 1 << 15;

  private final boolean forOneThread;
  private final List<int[]> groups = new ArrayList<>();
  private final List<Integer> tokens = new ArrayList<>();

  private TokenGroups(boolean forOneThread) {
    this.forOneThread = forOneThread;
  }

  static TokenGroups of(List<TokenSequence> sequences, int threads) {
    int[] order =
        IntStream.range(0, sequences.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> -sequences.get(i).length()))
            .mapToInt(i -> i)
            .toArray();
    long all = sequences.stream().mapToLong(TokenSequence::length).sum();
    int longest = order.length == 0 ? 0 : sequences.get(order[0]).length();
    TokenGroups groups = new TokenGroups(threads == 1 || all >= 2L * threads * Math.max(SMALLEST, longest));
    long remaining = all;
    for (int from = 0; from < order.length; ) {
      long room =
          !groups.forOneThread ? LARGEST_SHARED : threads == 1 ? LARGEST : Math.clamp(remaining / (2L * threads), SMALLEST, LARGEST);
      int to = from;
      int taken = 0;
      while (to < order.length && (to == from || taken + sequences.get(order[to]).length() <= room)) {
        taken += sequences.get(order[to++]).length();
      }
      groups.groups.add(Arrays.copyOfRange(order, from, to));
      groups.tokens.add(taken);
      remaining -= taken;
      from = to;
    }
    return groups;
  }

  /** Whether each group is computed by one thread; otherwise all threads share its products. */
  boolean areForOneThread() {
    return forOneThread;
  }

  int count() {
    return groups.size();
  }

  /** The sequences of a group, by their numbers. */
  int[] get(int group) {
    return groups.get(group);
  }

  /** The end of the groups, from {@code from} on, that are computed without letting other calls go first. */
  int roundEnd(int from) {
    int to = from + 1;
    for (long taken = tokens.get(from); forOneThread && to < groups.size() && taken < ROUND; to++) {
      taken += tokens.get(to);
    }
    return to;
  }
}
