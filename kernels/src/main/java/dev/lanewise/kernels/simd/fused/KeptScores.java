package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.data.RowFunction;

/**
 * The scores that a caller's function has changed, row by row, between the two passes of a call that asks for weights: a function may keep
 * state, so the second pass takes what the function left in the first one. Its size is that of a row, or {@link #SIZE} where more rows fit.
 */
public final class KeptScores implements RowFunction {
  /** Floats kept at a time, 16 MB: a panel of 64 rows up to 65536 keys, fewer rows beyond. */
  static final int SIZE = 1 << 22;

  private float[] kept = new float[0];
  private int firstKey;
  private int rowSize;
  private int lane;
  private boolean known;

  /** How many rows of so many keys are kept at a time, at most {@code most}. */
  public static int rows(int keys, int most) {
    return Math.clamp(SIZE / Math.max(1, keys), 1, most);
  }

  /** Turns to {@code rows} new rows, of the keys from {@code from} (inclusive) to {@code to} (exclusive). */
  public void open(int rows, int from, int to) {
    firstKey = from;
    rowSize = to - from;
    known = false;
    if (kept.length < rows * rowSize) {
      kept = new float[rows * rowSize];
    }
  }

  /** All scores have been kept: from now on they are given back. */
  public void turn() {
    known = true;
  }

  public boolean areKnown() {
    return known;
  }

  /** Turns to a row. */
  public KeptScores row(int newLane) {
    lane = newLane;
    return this;
  }

  /** Keeps a segment, or gives it back. */
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
