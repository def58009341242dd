package dev.lanewise.kernels.simd.lanes;

import org.jspecify.annotations.Nullable;

/** An operand of a micro-kernel: array, offset and stride. Instances are reused, so that the loops allocate nothing. */
public final class Operand {
  private static final float[] NONE = new float[0];

  public float[] data = NONE;
  public int offset;
  public int stride;

  /** Distance from one strip to the next in a call that computes several. */
  public int next;

  /** Indexes of rows that are not evenly spaced: row i starts at {@code rows[firstRow + i] + offset}. */
  private int @Nullable [] rows;

  private int firstRow;

  public Operand set(float[] newData, int newOffset, int newStride) {
    data = newData;
    offset = newOffset;
    stride = newStride;
    next = 0;
    rows = null;
    return this;
  }

  /** Sets rows that are not evenly spaced, from their column {@code column} on. */
  public Operand setRows(float[] newData, int[] newRows, int newFirstRow, int column) {
    set(newData, column, 0);
    rows = newRows;
    firstRow = newFirstRow;
    return this;
  }

  /** Index of a row's first element. */
  int row(int i) {
    return rows == null ? offset + i * stride : rows[firstRow + i] + offset;
  }

  public Operand next(int distance) {
    next = distance;
    return this;
  }

  /** Drops the reference to the array. */
  void release() {
    data = NONE;
  }
}
