package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.List;

/**
 * How a view lies in its array: the order of its axes, the innermost last, which axes have a gap behind each step, and which of them repeat
 * (stride 0).
 *
 * @param order one of the 24 orders
 * @param gaps a bit an axis
 * @param repeats a bit an axis
 */
record Layout(int order, int gaps, int repeats) {
  private static final int ORDERS = 24;
  private static final int SETS = 16;
  private static final int AXES = 4;
  private static final String[] NAMES = {"batch", "head", "row", "column"};

  /** How many layouts an output may have: those without repeats. */
  static final int WRITABLE = ORDERS * SETS;

  /** All layouts. */
  static final int ALL = WRITABLE * SETS;

  static Layout of(int number) {
    return new Layout(number % ORDERS, number / ORDERS % SETS, number / WRITABLE % SETS);
  }

  /** The axes, outermost first: of order 0 batch, head, row, column. */
  private int[] axes() {
    List<Integer> left = new ArrayList<>(List.of(0, 1, 2, 3));
    int[] axes = new int[AXES];
    int rest = order;
    for (int place = 0; place < AXES; place++) {
      int choices = AXES - place;
      axes[place] = left.remove(/* index */ rest % choices);
      rest /= choices;
    }
    return axes;
  }

  /** A view over a new array full of {@code fill}. */
  Heads view(int batch, int heads, int rows, int width, float fill) {
    int[] counts = {batch, heads, rows, width};
    int[] strides = new int[AXES];
    int[] axes = axes();
    int size = 1;
    for (int place = AXES - 1; place >= 0; place--) {
      int axis = axes[place];
      int gap = (gaps >> axis & 1) == 0 ? 0 : 3 + axis;
      boolean repeated = (repeats >> axis & 1) != 0;
      strides[axis] = repeated ? 0 : size;
      size = repeated ? size : Math.max(1, counts[axis]) * size + gap;
    }
    int offset = gaps == 0 ? 0 : 5;
    float[] data = new float[offset + size + (gaps == 0 ? 0 : 7)];
    java.util.Arrays.fill(data, fill);
    return new Heads(data, offset, batch, heads, rows, width, strides[0], strides[1], strides[2], strides[3]);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int axis : axes()) {
      boolean repeated = (repeats >> axis & 1) != 0;
      text.append(text.isEmpty() ? "" : ".").append(NAMES[axis]).append((gaps >> axis & 1) == 0 ? "" : "+gap").append(repeated ? "*0" : "");
    }
    return text.toString();
  }
}
