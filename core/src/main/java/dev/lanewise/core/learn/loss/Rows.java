package dev.lanewise.core.learn.loss;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The rows of all batch entries, one after another. */
final class Rows {
  private Rows() {}

  static int count(String name, SequenceBatch view) {
    return Checks.product(name + ".batch", view.batch(), name + ".rows", view.rows());
  }

  /** Index of the first element of a row that is counted over the whole batch. */
  static int index(SequenceBatch view, int row) {
    return view.index(row / view.rows(), row % view.rows());
  }

  /** Some rows, counted over the whole batch, of a batch entry or of an even view. */
  static Matrix matrix(SequenceBatch view, int from, int to) {
    SequenceBatch rows = view.isEven() ? view.merged() : view;
    return rows.matrix(from / rows.rows(), from % rows.rows(), to - from, 0, view.width());
  }

  static void sameShape(String name, SequenceBatch view, String otherName, SequenceBatch other) {
    Objects.requireNonNull(view, name);
    Objects.requireNonNull(other, otherName);
    Checks.same(name, otherName, ".batch", view.batch(), other.batch());
    Checks.same(name, otherName, ".rows", view.rows(), other.rows());
    Checks.same(name, otherName, ".width", view.width(), other.width());
  }

  /** Checks the gradient of an input: it has the input's shape, and it is the input itself or shares no element with it. */
  static void gradient(String name, @Nullable SequenceBatch gradient, String inputName, SequenceBatch input) {
    if (gradient != null) {
      sameShape(name, gradient, inputName, input);
      ViewChecks.writableInPlace(name, gradient.split(1), inputName, input.split(1));
    }
  }

  /** Checks that a gradient shares no element with another view. */
  static void disjoint(String name, @Nullable SequenceBatch gradient, String otherName, @Nullable SequenceBatch other) {
    if (gradient != null && other != null) {
      ViewChecks.disjoint(name, gradient.split(1), otherName, other.split(1));
    }
  }

  /** Σ x · y over two rows, in double. Four sums are independent, so that an addition does not wait for the one before it. */
  static double dot(float[] x, int atX, float[] y, int atY, int width) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int c = 0;
    for (; c + 3 < width; c += 4) {
      sum0 += (double) x[atX + c] * y[atY + c];
      sum1 += (double) x[atX + c + 1] * y[atY + c + 1];
      sum2 += (double) x[atX + c + 2] * y[atY + c + 2];
      sum3 += (double) x[atX + c + 3] * y[atY + c + 3];
    }
    for (; c < width; c++) {
      sum0 += (double) x[atX + c] * y[atY + c];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }

  /** The inverse of a row's length, or 0 if the row is 0. */
  static double inverseLength(float[] x, int at, int width) {
    double square = dot(x, at, x, at, width);
    return square == 0 ? 0 : 1 / Math.sqrt(square);
  }
}
