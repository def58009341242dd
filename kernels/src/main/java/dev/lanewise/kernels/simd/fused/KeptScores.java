package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.RowFunction;

/**
 * The scores that a caller's function has changed, kept row by row for the second pass of a call that computes weights. A function may keep
 * state, so the second pass reuses the results of the first one. The size is that of one row, or up to {@link #SIZE} if more rows fit.
 */
public final class KeptScores implements RowFunction {
  /** The most floats that are kept, 16 MB: a tile of 64 rows of up to 65536 keys, or fewer rows of more keys. */
  static final int SIZE = 1 << 22;

  private float[] kept = new float[0];
  private int firstKey;
  private int rowSize;
  private int lane;
  private boolean known;

  /** Number of rows of so many keys that are kept at a time, at most {@code most}. */
  public static int rows(int keys, int most) {
    return Math.clamp(SIZE / Math.max(1, keys), 1, most);
  }

  /** Begins {@code rows} new rows with the keys {@code from} (inclusive) to {@code to} (exclusive). */
  public void open(int rows, int from, int to) {
    firstKey = from;
    rowSize = to - from;
    known = false;
    if (kept.length < rows * rowSize) {
      kept = new float[rows * rowSize];
    }
  }

  /** Begins the second pass: from now on {@link #apply} restores scores. */
  public void turn() {
    known = true;
  }

  public boolean areKnown() {
    return known;
  }

  /** Selects a row. */
  public KeptScores row(int newLane) {
    lane = newLane;
    return this;
  }

  /** Keeps a segment in the first pass and restores it in the second. */
  @Override
  public void apply(float[] row, int offset, int length, int batchEntry, int queryHead, int query, int from) {
    int at = lane * rowSize + from - firstKey;
    if (known) {
      System.arraycopy(kept, at, row, offset, length);
    } else {
      System.arraycopy(row, offset, kept, at, length);
    }
  }
}
