package dev.lanewise.kernels.data;

import java.util.Arrays;
import java.util.Comparator;

/** The check of a view that is written: no two of its elements may be the same element of the array. */
final class SelfOverlap {
  private SelfOverlap() {}

  /**
   * Checks that the elements, rows, heads and batch entries of a written view do not overlap: the stride of an axis must step over all
   * elements of the axes with smaller strides.
   */
  static void check(String name, Heads view) {
    if (view.isEmpty() || inUsualOrder(view)) {
      return;
    }
    Axis[] axes = {
      new Axis("columnStride", view.width(), view.columnStride()),
      new Axis("rowStride", view.rows(), view.rowStride()),
      new Axis("headStride", view.heads(), view.headStride()),
      new Axis("batchStride", view.batch(), view.batchStride())
    };
    // An axis that repeats (stride 0) is compared with a contiguous row (stride 1), so that the message contains the width of the row.
    Arrays.sort(axes, Comparator.comparingInt(axis -> Math.max(1, axis.stride)));
    long inside = 1;
    for (Axis axis : axes) {
      if (axis.count > 1 && axis.stride < inside) {
        throw new IllegalArgumentException(
            name + "." + axis.name + " is " + axis.stride + ", but a view that is written needs at least " + inside);
      }
      inside += (axis.count - 1L) * axis.stride;
    }
  }

  /** Whether a batch entry is ordered by head and row or by row and head, as nearly all are. This check allocates nothing. */
  private static boolean inUsualOrder(Heads view) {
    long row = inside(1, view.width(), view.columnStride());
    long rows = inside(row, view.rows(), view.rowStride());
    long heads = inside(row, view.heads(), view.headStride());
    return inside(inside(rows, view.heads(), view.headStride()), view.batch(), view.batchStride()) >= 0
        || inside(inside(heads, view.rows(), view.rowStride()), view.batch(), view.batchStride()) >= 0;
  }

  /** Number of elements that an axis spans if its stride steps over {@code inside} elements; −1 if the stride is too small. */
  private static long inside(long inside, int count, int stride) {
    boolean steps = inside >= 0 && (count == 1 || stride >= inside);
    return steps ? inside + (count - 1L) * stride : -1;
  }

  private record Axis(String name, int count, int stride) {}
}
