package dev.lanewise.kernels.testing;

import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.testing.TestedKernels;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;

/**
 * The paths of a test run and the comparisons of results. They are plain loops, because an assertion object for each of millions of
 * elements would take minutes.
 */
public final class Comparisons {
  private Comparisons() {}

  /** The kernels of this run and the scalar kernels, which may be the same. */
  public static Stream<Named<Kernels>> paths() {
    return TestedKernels.all().stream().map(kernels -> Named.of(kernels.path(), kernels));
  }

  /** The accuracy policy: error ≤ 2 × the error of plain float code + 1e-6 of the largest value. */
  public static void assertWithinBudget(Object what, double[][] reference, double[][] plain, Matrix actual) {
    assertWithinBudget(what, reference, plain, 0, actual);
  }

  /**
   * The same for what was added to {@code before}: its values are terms of the sums, so the largest of them counts as well. A sum whose
   * terms cancel each other has the rounding errors of the terms.
   */
  public static void assertSumWithinBudget(Object what, Matrix before, double[][] reference, double[][] plain, Matrix actual) {
    double largest = 0;
    for (int row = 0; row < before.rows(); row++) {
      for (int column = 0; column < before.columns(); column++) {
        largest = Math.max(largest, Math.abs(before.get(row, column)));
      }
    }
    assertWithinBudget(what, reference, plain, largest, actual);
  }

  private static void assertWithinBudget(Object what, double[][] reference, double[][] plain, double largestTerm, Matrix actual) {
    double largest = largestTerm;
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

  /**
   * Fails unless all elements are equal. Results of whole numbers have no rounding errors, so every path agrees with the double reference.
   */
  public static void assertExact(Object what, double[][] expected, Matrix actual) {
    for (int row = 0; row < actual.rows(); row++) {
      for (int column = 0; column < actual.columns(); column++) {
        if (actual.get(row, column) != expected[row][column]) {
          fail("%s: element (%d, %d) is %s instead of %s", what, row, column, actual.get(row, column), expected[row][column]);
        }
      }
    }
  }

  /** Computes the rows {@code from} (inclusive) to {@code to} (exclusive) into a separate matrix. */
  public interface RowRange {
    Matrix compute(int from, int to);
  }

  /** Fails unless rows have the same bits alone, in blocks that cut every tile differently, and all together. */
  public static void assertRowsStandAlone(Shape shape, RowRange rows) {
    Matrix together = rows.compute(0, shape.rows());
    for (int block : new int[] {1, 3, 13, 64}) {
      for (int from = 0; from < shape.rows(); from += block) {
        int to = Math.min(from + block, shape.rows());
        assertSameBits(shape + " rows " + from + " to " + to, together.rows(from, to), rows.compute(from, to));
      }
    }
  }

  /** Fails unless row {@code poisoned} has no finite element and every other row has the bits of {@code clean}. */
  public static void assertOnlyRowPoisoned(Object what, int poisoned, Matrix clean, Matrix actual) {
    for (int column = 0; column < actual.columns(); column++) {
      if (Float.isFinite(actual.get(poisoned, column))) {
        fail("%s: element (%d, %d) is %s", what, poisoned, column, actual.get(poisoned, column));
      }
    }
    assertSameBits(what, clean.rows(0, poisoned), actual.rows(0, poisoned));
    assertSameBits(what, clean.rows(poisoned + 1, clean.rows()), actual.rows(poisoned + 1, clean.rows()));
  }

  /** Fails unless column {@code poisoned} has no finite element and every other column has the bits of {@code clean}. */
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
