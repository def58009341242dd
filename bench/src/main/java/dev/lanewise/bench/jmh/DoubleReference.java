package dev.lanewise.bench.jmh;

import dev.lanewise.kernels.Matrix;

/** The kernels' formulas in double, dense, row after row. */
final class DoubleReference {
  private DoubleReference() {}

  /** e<sup>x</sup>, element by element. */
  static double[] exp(Matrix x) {
    double[] result = new double[x.rows() * x.columns()];
    for (int i = 0; i < result.length; i++) {
      result[i] = Math.exp(x.get(i / x.columns(), i % x.columns()));
    }
    return result;
  }

  /** Row softmax. */
  static double[] softmax(Matrix scores) {
    // Without the maximum taken off: double reaches e^700, and the benchmarks' scores are small.
    double[] weights = exp(scores);
    for (int from = 0; from < weights.length; from += scores.columns()) {
      double sum = 0;
      for (int j = 0; j < scores.columns(); j++) {
        sum += weights[from + j];
      }
      for (int j = 0; j < scores.columns(); j++) {
        weights[from + j] /= sum;
      }
    }
    return weights;
  }

  /**
   * scale · left · right.
   *
   * @param left rows × inner
   * @param right inner × columns
   */
  static double[] product(Matrix left, Matrix right, double scale) {
    int columns = right.columns();
    double[] result = new double[left.rows() * columns];
    for (int row = 0; row < left.rows(); row++) {
      for (int inner = 0; inner < right.rows(); inner++) {
        double factor = scale * left.data()[left.index(row, inner)];
        for (int column = 0; column < columns; column++) {
          result[row * columns + column] += factor * right.data()[right.index(inner, column)];
        }
      }
    }
    return result;
  }

  /** A dense copy with rows and columns swapped. */
  static Matrix transposed(Matrix matrix) {
    Matrix transposed = Matrix.zeros(matrix.columns(), matrix.rows());
    for (int row = 0; row < matrix.rows(); row++) {
      for (int column = 0; column < matrix.columns(); column++) {
        transposed.data()[transposed.index(column, row)] = matrix.get(row, column);
      }
    }
    return transposed;
  }
}
