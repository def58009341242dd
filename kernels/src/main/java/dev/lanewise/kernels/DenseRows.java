package dev.lanewise.kernels;

import dev.lanewise.kernels.call.NormProblem;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Heads.Axis;
import dev.lanewise.kernels.data.Matrix;
import java.util.Objects;

/** Operands whose rows have their elements side by side, as both paths need them. A matrix with another columnStride is copied. */
final class DenseRows {
  private DenseRows() {}

  /** A kernel that reads a matrix and writes one of the same shape. */
  interface Kernel {
    void run(Matrix x, Matrix result);
  }

  /** Checks and runs a kernel whose result may be its operand. */
  static void run(Kernel kernel, String xName, Matrix x, String name, Matrix result) {
    ViewChecks.sameShape(name, result, xName, x);
    ViewChecks.writableInPlace(name, result, xName, x);
    run(kernel, x, result);
  }

  private static void run(Kernel kernel, Matrix x, Matrix result) {
    if (!result.isEmpty()) {
      Matrix written = target(result);
      kernel.run(of(x), written);
      store(written, result);
    }
  }

  /**
   * Runs a kernel of rows along an axis of a view. The axis becomes that of the columns; the columns, which are mostly side by side, become
   * the rows of a matrix.
   */
  static void run(Kernel kernel, Axis axis, String xName, Heads x, String name, Heads result) {
    Objects.requireNonNull(axis, "axis");
    ViewChecks.sameShape(name, result, xName, x);
    ViewChecks.writableInPlace(name, result, xName, x);
    Heads from = axis == Axis.COLUMN ? x : x.transposed(axis, Axis.COLUMN).transposed(axis, Axis.ROW);
    Heads to = axis == Axis.COLUMN ? result : result.transposed(axis, Axis.COLUMN).transposed(axis, Axis.ROW);
    for (int b = 0; b < to.batch(); b++) {
      for (int head = 0; head < to.heads(); head++) {
        run(kernel, from.matrix(b, head, 0, from.rows()), to.matrix(b, head, 0, to.rows()));
      }
    }
  }

  /** The matrix to read: the caller's, or a copy. */
  static Matrix of(Matrix x) {
    Matrix read = target(x);
    store(x, read);
    return read;
  }

  /** The matrix to write: the caller's, or a new one, whose elements {@link #store} copies. */
  static Matrix target(Matrix result) {
    return result.hasContiguousRows() ? result : Matrix.zeros(result.rows(), result.columns());
  }

  static void store(Matrix written, Matrix result) {
    if (written != result) {
      written.copyTo(result);
    }
  }

  /** The norm of matrices that may be copies. */
  static NormProblem of(NormProblem problem) {
    Matrix residual = problem.residual();
    if (problem.x().hasContiguousRows()
        && (residual == null || residual.hasContiguousRows())
        && problem.sum().hasContiguousRows()
        && problem.result().hasContiguousRows()) {
      return problem;
    }
    Matrix x = of(problem.x());
    return residual == null
        ? new NormProblem(x, null, x, problem.norm(), target(problem.result()))
        : new NormProblem(x, of(residual), target(problem.sum()), problem.norm(), target(problem.result()));
  }

  /** Copies the results of a norm, first the sum, which the norm replaces where they share a matrix. */
  static void store(NormProblem written, NormProblem problem) {
    if (problem.residual() != null) {
      store(written.sum(), problem.sum());
    }
    store(written.result(), problem.result());
  }
}
