package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.call.Visibility;

/**
 * Union of two visibilities. The range of a query extends from the first key of either range to the last. Bits mark the gap between the two
 * ranges and the holes of each.
 */
public record Union(Visibility one, Visibility other) implements Visibility {
  @Override
  public int firstKey(int batchEntry, int queryHead, int query) {
    int first = one.firstKey(batchEntry, queryHead, query);
    int otherFirst = other.firstKey(batchEntry, queryHead, query);
    if (first == one.endKey(batchEntry, queryHead, query)) {
      return otherFirst;
    }
    return otherFirst == other.endKey(batchEntry, queryHead, query) ? first : Math.min(first, otherFirst);
  }

  @Override
  public int endKey(int batchEntry, int queryHead, int query) {
    int end = one.endKey(batchEntry, queryHead, query);
    int otherEnd = other.endKey(batchEntry, queryHead, query);
    if (end == one.firstKey(batchEntry, queryHead, query)) {
      return otherEnd;
    }
    return otherEnd == other.firstKey(batchEntry, queryHead, query) ? end : Math.max(end, otherEnd);
  }

  @Override
  public boolean hasHoles() {
    return true;
  }

  @Override
  public long keys64(int batchEntry, int queryHead, int query, int word) {
    return keys64(one, batchEntry, queryHead, query, word) | keys64(other, batchEntry, queryHead, query, word);
  }

  /** 64 bits of a visibility, 0 outside its range. */
  private static long keys64(Visibility mask, int batchEntry, int queryHead, int query, int word) {
    long start = (long) word * Long.SIZE;
    long from = Math.clamp(mask.firstKey(batchEntry, queryHead, query) - start, 0, Long.SIZE);
    long to = Math.clamp(mask.endKey(batchEntry, queryHead, query) - start, 0, Long.SIZE);
    if (from >= to) {
      return 0;
    }
    long bits = -1L >>> (Long.SIZE - (to - from)) << from;
    return mask.hasHoles() ? bits & mask.keys64(batchEntry, queryHead, query, word) : bits;
  }

  @Override
  public int nextKey(int batchEntry, int queryHead, int query, int key) {
    return Math.min(next(one, batchEntry, queryHead, query, key), next(other, batchEntry, queryHead, query, key));
  }

  /** The first key at or after {@code key} that a visibility may show; {@code Integer.MAX_VALUE} if there is none. */
  private static int next(Visibility mask, int batchEntry, int queryHead, int query, int key) {
    int from = Math.max(key, mask.firstKey(batchEntry, queryHead, query));
    return from < mask.endKey(batchEntry, queryHead, query) ? mask.nextKey(batchEntry, queryHead, query, from) : Integer.MAX_VALUE;
  }
}
