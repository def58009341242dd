package dev.lanewise.kernels;

/** A row whose elements lie side by side: in the caller's array, or in a copy if they lie apart there. */
final class DenseRow {
  private static final float[] NONE = new float[0];

  private float[] data = NONE;
  private int from;
  private float[] copy = NONE;

  /** Turns to the row that starts at {@code index}. */
  void open(Heads heads, int index) {
    if (heads.columnStride() == 1) {
      data = heads.data();
      from = index;
      return;
    }
    if (copy.length < heads.width()) {
      copy = new float[heads.width()];
    }
    heads.copyRow(index, 0, copy, 0);
    data = copy;
    from = 0;
  }

  float[] data() {
    return data;
  }

  /** Where the row starts. */
  int from() {
    return from;
  }

  /** Lets go of the caller's array. */
  void release() {
    data = NONE;
  }
}
