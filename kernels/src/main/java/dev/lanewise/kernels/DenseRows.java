package dev.lanewise.kernels;

import dev.lanewise.kernels.call.NormProblem;
import dev.lanewise.kernels.data.Matrix;

/** Operands whose rows have their elements side by side, as both paths need them. A matrix with another columnStride is copied. */
final class DenseRows {
  private DenseRows() {}

  /** The matrix to read: the caller's, or a copy. */
  static Matrix of(Matrix x) {
    return x.hasContiguousRows() ? x : load(x);
  }

  private static Matrix load(Matrix x) {
    Matrix copy = Matrix.zeros(x.rows(), x.columns());
    x.copyTo(copy);
    return copy;
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
    Matrix x = of(problem.x());
    Matrix residual = problem.residual();
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
