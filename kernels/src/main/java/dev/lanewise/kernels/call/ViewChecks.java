package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;

/** Checks of views: shapes, rows that lie on top of each other, and results that lie in the arrays of inputs. */
public final class ViewChecks {
  private ViewChecks() {}

  /** Rows that are written must not lie on top of each other. */
  public static void writable(String name, Matrix matrix) {
    if (matrix.rows() > 1 && matrix.rowStride() < matrix.columns()) {
      throw new IllegalArgumentException(
          name + ".rowStride is " + matrix.rowStride() + ", but rows that are written need at least " + matrix.columns());
    }
  }

  /** A written view must not share elements with a view that is read. */
  public static void disjoint(String name, Matrix written, String otherName, Matrix read) {
    if (written.data() != read.data() || written.isEmpty() || read.isEmpty()) {
      return;
    }
    if (written.offset() < read.end() && read.offset() < written.end() && !interleaved(written, read)) {
      throw overlap(name, written.offset(), written.end(), otherName, read.offset(), read.end());
    }
  }

  /** Both are there and have the same rows and columns. */
  public static void sameShape(String name, Matrix matrix, String otherName, Matrix other) {
    Objects.requireNonNull(other, otherName);
    Objects.requireNonNull(matrix, name);
    Checks.same(name + ".rows", matrix.rows(), otherName + ".rows", other.rows());
    Checks.same(name + ".columns", matrix.columns(), otherName + ".columns", other.columns());
  }

  /** Rows that are written, and share nothing with what is read. */
  public static void writes(String name, Matrix written, String otherName, Matrix read) {
    writable(name, written);
    disjoint(name, written, otherName, read);
  }

  /** Rows that are written, and either are what is read or share nothing with it. */
  public static void writableInPlace(String name, Matrix written, String otherName, Matrix read) {
    writable(name, written);
    if (!sameElements(written, read)) {
      disjoint(name, written, otherName, read);
    }
  }

  private static IllegalArgumentException overlap(String name, int from, int to, String otherName, int otherFrom, int otherTo) {
    String written = name + " [" + from + ", " + to + ")";
    String read = otherName + " [" + otherFrom + ", " + otherTo + ")";
    return new IllegalArgumentException(written + " overlaps " + read + " in the same array");
  }

  /**
   * Whether the matrices keep to different remainders of the indexes modulo either's row stride, as column blocks of one wider matrix do.
   * What passes for whole views, see {@link #disjoint(String, Heads, String, Heads)}, passes for all of their parts.
   */
  private static boolean interleaved(Matrix x, Matrix y) {
    return interleaved(x, y, x.rowStride()) || interleaved(x, y, y.rowStride());
  }

  private static boolean interleaved(Matrix x, Matrix y, int period) {
    if (period == 0) {
      return false;
    }
    int distance = Math.floorMod(y.offset() - x.offset(), period);
    return distance >= span(x, period) && distance + span(y, period) <= period;
  }

  private static long span(Matrix matrix, int period) {
    return matrix.columns() + span(matrix.rows(), matrix.rowStride(), period);
  }

  /** Elements, rows, heads and batch entries that are written must not lie on top of each other: each axis steps over all inside it. */
  public static void writable(String name, Heads view) {
    if (view.isEmpty() || inUsualOrder(view)) {
      return;
    }
    Axis[] axes = {
      new Axis("columnStride", view.width(), view.columnStride()),
      new Axis("rowStride", view.rows(), view.rowStride()),
      new Axis("headStride", view.heads(), view.headStride()),
      new Axis("batchStride", view.batch(), view.batchStride())
    };
    // An axis that repeats (0) is held against the row in which elements lie side by side (1), which the error then tells the width of.
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

  /** Whether heads lie behind rows, or rows behind heads, in a batch entry, as nearly always: seen without allocating. */
  private static boolean inUsualOrder(Heads view) {
    long row = inside(1, view.width(), view.columnStride());
    long rows = inside(row, view.rows(), view.rowStride());
    long heads = inside(row, view.heads(), view.headStride());
    return inside(inside(rows, view.heads(), view.headStride()), view.batch(), view.batchStride()) >= 0
        || inside(inside(heads, view.rows(), view.rowStride()), view.batch(), view.batchStride()) >= 0;
  }

  /** Elements that an axis spans when it steps over {@code inside} of them; −1 if its steps are too small for that. */
  private static long inside(long inside, int count, int stride) {
    boolean steps = inside >= 0 && (count == 1 || stride >= inside);
    return steps ? inside + (count - 1L) * stride : -1;
  }

  private record Axis(String name, int count, int stride) {}

  /** A written view must not share elements with a view that is read; views of one array pass if they are seen to be interleaved. */
  public static void disjoint(String name, Heads written, String otherName, Heads read) {
    if (written.data() != read.data() || written.isEmpty() || read.isEmpty()) {
      return;
    }
    boolean apart =
        written.end() <= read.offset()
            || read.end() <= written.offset()
            || interleaved(written, read, written.columnStride())
            || interleaved(written, read, written.rowStride())
            || interleaved(written, read, written.headStride())
            || interleaved(written, read, written.batchStride());
    if (!apart) {
      throw overlap(name, written.offset(), written.end(), otherName, read.offset(), read.end());
    }
  }

  private static boolean sameElements(Matrix x, Matrix y) {
    return x.data() == y.data()
        && x.offset() == y.offset()
        && x.rows() == y.rows()
        && x.columns() == y.columns()
        && (x.rows() <= 1 || x.rowStride() == y.rowStride());
  }

  /**
   * Whether two views are one: element for element at the same place of the same array. The stride of an axis of one element is no matter.
   */
  public static boolean sameElements(Heads x, Heads y) {
    return x.data() == y.data()
        && x.offset() == y.offset()
        && x.batch() == y.batch()
        && x.heads() == y.heads()
        && x.rows() == y.rows()
        && x.width() == y.width()
        && (x.batch() <= 1 || x.batchStride() == y.batchStride())
        && (x.heads() <= 1 || x.headStride() == y.headStride())
        && (x.rows() <= 1 || x.rowStride() == y.rowStride())
        && (x.width() <= 1 || x.columnStride() == y.columnStride());
  }

  /**
   * Whether the views keep to different remainders of the indexes modulo {@code period}, as the parts of a packed query-key-value array do.
   * An axis whose stride is a multiple of the period does not move the remainder; the others widen the interval of remainders.
   */
  private static boolean interleaved(Heads x, Heads y, int period) {
    if (period == 0) {
      return false;
    }
    int distance = Math.floorMod(y.offset() - x.offset(), period);
    return distance >= span(x, period) && distance + span(y, period) <= period;
  }

  /** Length of the interval of remainders. */
  private static long span(Heads view, int period) {
    return 1
        + span(view.width(), view.columnStride(), period)
        + span(view.rows(), view.rowStride(), period)
        + span(view.heads(), view.headStride(), period)
        + span(view.batch(), view.batchStride(), period);
  }

  private static long span(int count, int stride, int period) {
    return stride % period == 0 ? 0 : (count - 1L) * stride;
  }
}
