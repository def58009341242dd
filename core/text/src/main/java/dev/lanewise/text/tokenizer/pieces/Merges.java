package dev.lanewise.text.tokenizer.pieces;

import java.util.Arrays;

/** The rules of byte-pair encoding: which two pieces make which, and the rank of each rule. */
final class Merges {
  /** Answer of {@link #rank} for a pair without a rule. */
  static final int NONE = LongIntMap.NONE;

  private final LongIntMap ranks = new LongIntMap(1024);
  private int[] results = new int[1024];
  private int size;

  /** Adds the rule of the next rank. A later rule for the same pair replaces the earlier one. */
  void add(int left, int right, int result) {
    if (size == results.length) {
      results = Arrays.copyOf(results, size * 2);
    }
    ranks.put(key(left, right), size);
    results[size++] = result;
  }

  /** Rank of the rule for two pieces, or {@link #NONE}. Rules of small rank are applied first. */
  int rank(int left, int right) {
    return ranks.get(key(left, right));
  }

  /** What the rule of a rank makes. */
  int result(int rank) {
    return results[rank];
  }

  private static long key(int left, int right) {
    return (long) left << Integer.SIZE | right;
  }
}
