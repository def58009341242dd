package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/** Checks of views: shapes, rows that overlap each other, and results that overlap inputs. */
public final class ViewChecks {
  private ViewChecks() {}

  /** Checks that the rows of a written matrix do not overlap. */
  public static void writable(String name, Matrix matrix) {
    if (!matrix.hasContiguousRows()) {
      writable(name, Heads.of(matrix));
    } else if (matrix.rows() > 1 && matrix.rowStride() < matrix.columns()) {
      throw new IllegalArgumentException(
          name + ".rowStride is " + matrix.rowStride() + ", but rows that are written need at least " + matrix.columns());
    }
  }

  /** Checks that a written matrix shares no element with a matrix that is read. */
  public static void disjoint(String name, Matrix written, String otherName, Matrix read) {
    if (written.data() != read.data() || written.isEmpty() || read.isEmpty()) {
      return;
    }
    if (written.offset() < read.end() && read.offset() < written.end() && !interleaved(written, read)) {
      throw overlap(name, written.offset(), written.end(), otherName, read.offset(), read.end());
    }
  }

  /** Checks that both matrices have the same numbers of rows and columns, and that neither is null. */
  public static void sameShape(String name, Matrix matrix, String otherName, Matrix other) {
    Objects.requireNonNull(other, otherName);
    Objects.requireNonNull(matrix, name);
    Checks.same(name, otherName, ".rows", matrix.rows(), other.rows());
    Checks.same(name, otherName, ".columns", matrix.columns(), other.columns());
  }

  /** Checks that both views have the same shape, and that neither is null. */
  public static void sameShape(String name, Heads view, String otherName, Heads other) {
    Objects.requireNonNull(other, otherName);
    Objects.requireNonNull(view, name);
    Checks.same(name, otherName, ".batch", view.batch(), other.batch());
    Checks.same(name, otherName, ".heads", view.heads(), other.heads());
    Checks.same(name, otherName, ".rows", view.rows(), other.rows());
    Checks.same(name, otherName, ".width", view.width(), other.width());
  }

  /** Checks that the rows of a written matrix overlap neither each other nor a matrix that is read. */
  public static void writes(String name, Matrix written, String otherName, Matrix read) {
    writable(name, written);
    disjoint(name, written, otherName, read);
  }

  /** Checks a written matrix that may be the matrix that is read, but must not overlap it otherwise. */
  public static void writableInPlace(String name, Matrix written, String otherName, Matrix read) {
    writable(name, written);
    if (!sameElements(written, read)) {
      disjoint(name, written, otherName, read);
    }
  }

  /** Checks a written view that may be the view that is read, but must not overlap it otherwise. */
  public static void writableInPlace(String name, Heads written, String otherName, Heads read) {
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
   * Whether the indexes of the two matrices have different remainders modulo one of the strides, as column blocks of one wider matrix have.
   * Parts of two views that are disjoint by {@link #disjoint(String, Heads, String, Heads)} are disjoint here too.
   */
  private static boolean interleaved(Matrix x, Matrix y) {
    return interleaved(x, y, x.rowStride()) || interleaved(x, y, y.rowStride()) || interleaved(x, y, x.columnStride());
  }

  private static boolean interleaved(Matrix x, Matrix y, int period) {
    if (period == 0) {
      return false;
    }
    int distance = Math.floorMod(y.offset() - x.offset(), period);
    return distance >= span(x, period) && distance + span(y, period) <= period;
  }

  private static long span(Matrix matrix, int period) {
    return 1 + span(matrix.columns(), matrix.columnStride(), period) + span(matrix.rows(), matrix.rowStride(), period);
  }

  /** Checks that the elements, rows, heads and batch entries of a written view do not overlap. */
  public static void writable(String name, Heads view) {
    view.checkWritable(name);
  }

  /** Checks that a written view shares no element with a view that is read. Views of one array may be interleaved. */
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
        && (x.rows() <= 1 || x.rowStride() == y.rowStride())
        && (x.columns() <= 1 || x.columnStride() == y.columnStride());
  }

  /** Whether two views have the same shape and the same elements of the same array. The stride of an axis with one element is ignored. */
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
   * Whether the indexes of the views have different remainders modulo {@code period}, as query, key and value of a packed array have. An
   * axis whose stride is a multiple of the period does not change the remainder; the other axes widen the interval of remainders.
   */
  private static boolean interleaved(Heads x, Heads y, int period) {
    if (period == 0) {
      return false;
    }
    int distance = Math.floorMod(y.offset() - x.offset(), period);
    return distance >= span(x, period) && distance + span(y, period) <= period;
  }

  /** Length of a view's interval of remainders. */
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
