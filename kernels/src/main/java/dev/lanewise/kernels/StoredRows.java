package dev.lanewise.kernels;

import java.util.Arrays;

/**
 * The wide operand of {@link WideningKernel}: for each segment of steps four columns of vectors in cached memory. Column v of segment s
 * starts at element {@code at[4 s + v] + shift} of {@code data[4 s + v]}, and from one step to the next it is {@code step} elements.
 * Reused, so that the loops allocate nothing.
 */
final class StoredRows {
  /** Vectors side by side. */
  static final int COLUMNS = 4;

  private static final Object NOTHING = new Object();

  final Object[] data;
  final long[] at;

  /** The segments from {@code from} (inclusive) to {@code to} (exclusive) count. */
  int from;

  int to;
  int step;

  /** To the head whose rows are meant. */
  long shift;

  StoredRows(int mostSegments) {
    data = new Object[COLUMNS * mostSegments];
    at = new long[COLUMNS * mostSegments];
    release();
  }

  void set(int segment, int column, Object newData, long index) {
    data[COLUMNS * segment + column] = newData;
    at[COLUMNS * segment + column] = index;
  }

  /** Lets go of the memory. */
  final void release() {
    Arrays.fill(data, NOTHING);
  }
}
