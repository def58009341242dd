package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The layout of a view in its array: the order of its axes, which axes have a gap after each step, and which repeat their elements (stride
 * 0).
 *
 * @param order one of the 24 orders; 0 is batch, head, row, column with the columns innermost
 * @param gaps a bit for each axis
 * @param repeats a bit for each axis
 */
record Layout(int order, int gaps, int repeats) {
  static final Layout DENSE = new Layout(0, 0, 0);

  private static final int ORDERS = 24;
  private static final int SETS = 16;
  private static final int AXES = 4;
  private static final String[] NAMES = {"batch", "head", "row", "column"};

  /** The number of layouts without repeats, which an output may have. */
  static final int WITHOUT_REPEATS = ORDERS * SETS;

  /** The number of all layouts. */
  static final int ALL = WITHOUT_REPEATS * SETS;

  /** The layout with this number. */
  static Layout of(int number) {
    return new Layout(number % ORDERS, number / ORDERS % SETS, number / WITHOUT_REPEATS % SETS);
  }

  /** Simpler layouts, the simplest first. */
  List<Layout> simpler() {
    return List.of(DENSE, new Layout(order, 0, 0), new Layout(order, gaps, 0), new Layout(order, 0, repeats), new Layout(0, gaps, repeats));
  }

  /** The axes, outermost first. */
  private int[] axes() {
    List<Integer> left = new ArrayList<>(List.of(0, 1, 2, 3));
    int[] axes = new int[AXES];
    int rest = order;
    for (int place = 0; place < AXES; place++) {
      axes[place] = left.remove(/* index */ rest % (AXES - place));
      rest /= AXES - place;
    }
    return axes;
  }

  private boolean hasGap(int axis) {
    return (gaps >> axis & 1) != 0;
  }

  private boolean repeats(int axis) {
    return (repeats >> axis & 1) != 0;
  }

  /** A view of a new array full of {@code fill}. */
  Heads view(int batch, int heads, int rows, int width, float fill) {
    int[] counts = {batch, heads, rows, width};
    int[] strides = new int[AXES];
    int[] axes = axes();
    int size = 1;
    for (int place = AXES - 1; place >= 0; place--) {
      int axis = axes[place];
      strides[axis] = repeats(axis) ? 0 : size;
      size = repeats(axis) ? size : Math.max(1, counts[axis]) * size + (hasGap(axis) ? 3 + axis : 0);
    }
    int offset = gaps == 0 ? 0 : 5;
    float[] data = new float[offset + size + (gaps == 0 ? 0 : 7)];
    Arrays.fill(data, fill);
    return new Heads(data, offset, batch, heads, rows, width, strides[0], strides[1], strides[2], strides[3]);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int axis : axes()) {
      text.append(text.isEmpty() ? "" : ".").append(NAMES[axis]).append(hasGap(axis) ? "+gap" : "").append(repeats(axis) ? "*0" : "");
    }
    return text.toString();
  }
}
