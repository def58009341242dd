package dev.lanewise.bench.verify.oracle;

import dev.lanewise.kernels.data.Heads;

/** Views of operands and results: their elements, and the same view of another array. */
public final class Views {
  private Views() {}

  /** An action on an element, given its place in the array and its indices. */
  @FunctionalInterface
  public interface Action {
    void on(int place, int b, int head, int row, int column);
  }

  /** Calls {@code action} for every element, in the order batch, head, row, column. */
  public static void forEach(Heads view, Action action) {
    for (int b = 0; b < view.batch(); b++) {
      for (int head = 0; head < view.heads(); head++) {
        for (int row = 0; row < view.rows(); row++) {
          for (int column = 0; column < view.width(); column++) {
            action.on(view.index(b, head, row) + column * view.columnStride(), b, head, row, column);
          }
        }
      }
    }
  }

  /** The number of elements. */
  public static int size(Heads view) {
    return view.batch() * view.heads() * view.rows() * view.width();
  }

  /** The elements in the order batch, head, row, column. */
  public static float[] elements(Heads view) {
    float[] elements = new float[size(view)];
    int[] next = {0};
    forEach(view, (place, b, head, row, column) -> elements[next[0]++] = view.data()[place]);
    return elements;
  }

  /** A view of another array with the same offset, shape and strides. */
  public static Heads over(float[] data, Heads view) {
    return new Heads(
        data,
        view.offset(),
        view.batch(),
        view.heads(),
        view.rows(),
        view.width(),
        view.batchStride(),
        view.headStride(),
        view.rowStride(),
        view.columnStride());
  }

  /** A dense view of the same shape that begins at {@code offset}. */
  public static Heads dense(float[] data, int offset, Heads view) {
    int head = view.rows() * view.width();
    return new Heads(data, offset, view.batch(), view.heads(), view.rows(), view.width(), view.heads() * head, head, view.width());
  }

  /** The first element whose bits differ, where every NaN equals every other; −1 if none does. */
  public static int firstDifference(float[] x, float[] y) {
    for (int n = 0; n < x.length; n++) {
      if (Float.floatToRawIntBits(x[n]) != Float.floatToRawIntBits(y[n]) && !(Float.isNaN(x[n]) && Float.isNaN(y[n]))) {
        return n;
      }
    }
    return -1;
  }
}
