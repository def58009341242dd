package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.RowFunction;

/** The segments of a row that its query sees, which are the segments that a caller's function receives on every path. */
public final class VisibleSegments {
  private VisibleSegments() {}

  /**
   * Calls a function for each contiguous segment of seen keys among {@code keys} keys from {@code firstKey} on, in ascending order. The
   * element of {@code firstKey} is {@code row[offset]}.
   */
  public static void apply(
      RowFunction function, Visibility visibility, float[] row, int offset, int firstKey, int keys, int batchEntry, int head, int query) {
    int from = Math.max(firstKey, visibility.firstKey(batchEntry, head, query));
    int end = Math.min(firstKey + keys, visibility.endKey(batchEntry, head, query));
    if (!visibility.hasHoles()) {
      if (from < end) {
        function.apply(row, offset + from - firstKey, end - from, batchEntry, head, query, from);
      }
      return;
    }
    while (from < end) {
      int first = next(visibility, batchEntry, head, query, from, end, 0);
      int to = next(visibility, batchEntry, head, query, first, end, -1L);
      if (first < to) {
        function.apply(row, offset + first - firstKey, to - first, batchEntry, head, query, first);
      }
      from = to;
    }
  }

  /** The next key from {@code key} on that the query sees or, if {@code flip} is −1, does not see; {@code end} if there is none. */
  private static int next(Visibility visibility, int batchEntry, int head, int query, int key, int end, long flip) {
    int at = key;
    while (at < end) {
      long word = (visibility.keys64(batchEntry, head, query, at / Long.SIZE) ^ flip) >>> (at % Long.SIZE);
      if (word != 0) {
        return Math.min(at + Long.numberOfTrailingZeros(word), end);
      }
      at = (at / Long.SIZE + 1) * Long.SIZE;
    }
    return end;
  }
}
