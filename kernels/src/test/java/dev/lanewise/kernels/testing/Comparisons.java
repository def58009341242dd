package dev.lanewise.kernels.testing;

import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;

/** What the suites run over, and how they compare. Plain loops: an assertion object for each of millions of elements would take minutes. */
public final class Comparisons {
  private Comparisons() {}

  /** The kernels of this run and the scalar ones, once if they are the same. */
  public static Stream<Named<Kernels>> paths() {
    return Stream.of(Kernels.selected(), Kernels.scalar()).distinct().map(kernels -> Named.of(kernels.path(), kernels));
  }

  /** The accuracy policy: error ≤ 2 × the error of plain float code + 1e-6 of the largest value. */
  public static void assertWithinBudget(Object what, double[][] reference, double[][] plain, Matrix actual) {
    double largest = 0;
    double plainError = 0;
    double error = 0;
    for (int row = 0; row < actual.rows(); row++) {
      for (int column = 0; column < actual.columns(); column++) {
        double expected = reference[row][column];
        largest = Math.max(largest, Math.abs(expected));
        plainError = Math.max(plainError, Math.abs(plain[row][column] - expected));
        error = Math.max(error, Math.abs(actual.get(row, column) - expected));
      }
    }
    double budget = 2 * plainError + 1e-6 * largest;
    if (!(error <= budget)) {
      fail("%s: error %s is over the budget %s (plain float %s, largest value %s)", what, error, budget, plainError, largest);
    }
  }

  public static void assertSameBits(Object what, Matrix expected, Matrix actual) {
    for (int row = 0; row < expected.rows(); row++) {
      for (int column = 0; column < expected.columns(); column++) {
        if (Float.floatToRawIntBits(actual.get(row, column)) != Float.floatToRawIntBits(expected.get(row, column))) {
          fail("%s: element (%d, %d) is %s instead of %s", what, row, column, actual.get(row, column), expected.get(row, column));
        }
      }
    }
  }

  /** Whole numbers: no rounding, so every path and the double reference agree to the last bit. */
  public static void assertExact(Object what, double[][] expected, Matrix actual) {
    for (int row = 0; row < actual.rows(); row++) {
      for (int column = 0; column < actual.columns(); column++) {
        if (actual.get(row, column) != expected[row][column]) {
          fail("%s: element (%d, %d) is %s instead of %s", what, row, column, actual.get(row, column), expected[row][column]);
        }
      }
    }
  }

  /** Computes the rows from {@code from} to {@code to} and returns them, in a matrix of their own. */
  public interface RowRange {
    Matrix compute(int from, int to);
  }

  /** Rows alone, in blocks that cut every tile differently, and all together: the same bits. */
  public static void assertRowsStandAlone(Shape shape, RowRange rows) {
    Matrix together = rows.compute(0, shape.rows());
    for (int block : new int[] {1, 3, 13, 64}) {
      for (int from = 0; from < shape.rows(); from += block) {
        int to = Math.min(from + block, shape.rows());
        assertSameBits(shape + " rows " + from + " to " + to, together.rows(from, to), rows.compute(from, to));
      }
    }
  }

  /** Row {@code poisoned} has no finite element left, and every other row kept its bits. */
  public static void assertOnlyRowPoisoned(Object what, int poisoned, Matrix clean, Matrix actual) {
    for (int column = 0; column < actual.columns(); column++) {
      if (Float.isFinite(actual.get(poisoned, column))) {
        fail("%s: element (%d, %d) is %s", what, poisoned, column, actual.get(poisoned, column));
      }
    }
    assertSameBits(what, clean.rows(0, poisoned), actual.rows(0, poisoned));
    assertSameBits(what, clean.rows(poisoned + 1, clean.rows()), actual.rows(poisoned + 1, clean.rows()));
  }

  /** Column {@code poisoned} has no finite element left, and every other column kept its bits. */
  public static void assertOnlyColumnPoisoned(Object what, int poisoned, Matrix clean, Matrix actual) {
    assertOnlyRowPoisoned(what, poisoned, transposed(clean), transposed(actual));
  }

  public static Matrix transposed(Matrix matrix) {
    Matrix transposed = Matrix.zeros(matrix.columns(), matrix.rows());
    for (int row = 0; row < matrix.rows(); row++) {
      for (int column = 0; column < matrix.columns(); column++) {
        transposed.data()[transposed.index(column, row)] = matrix.get(row, column);
      }
    }
    return transposed;
  }
}
