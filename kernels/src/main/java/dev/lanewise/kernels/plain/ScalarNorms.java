package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.call.NormProblem;
import dev.lanewise.kernels.data.Matrix;

/** Norms in plain Java: sums in double with four accumulators, each element rounded once. */
public final class ScalarNorms {
  private ScalarNorms() {}

  /** Computes a row of sum, if there is a residual. */
  static void add(NormProblem problem, int row) {
    Matrix residual = problem.residual();
    if (residual == null) {
      return;
    }
    float[] x = problem.x().data();
    float[] y = residual.data();
    float[] sum = problem.sum().data();
    int xFrom = problem.x().index(row, 0);
    int yFrom = residual.index(row, 0);
    int to = problem.sum().index(row, 0);
    for (int i = 0; i < problem.sum().columns(); i++) {
      sum[to + i] = x[xFrom + i] + y[yFrom + i];
    }
  }

  /** Computes a row of result. */
  public static void norm(NormProblem problem, int row) {
    float[] x = problem.sum().data();
    int from = problem.sum().index(row, 0);
    int length = problem.sum().columns();
    NormProblem.Norm norm = problem.norm();
    double mean = norm.centred() ? sum(x, from, length) / length : 0;
    double scale = 1 / Math.sqrt(sumOfSquares(x, from, length, mean) / length + norm.epsilon());
    float[] weight = norm.weight();
    float[] bias = norm.bias();
    float[] result = problem.result().data();
    int to = problem.result().index(row, 0);
    for (int i = 0; i < length; i++) {
      double y = (x[from + i] - mean) * scale;
      if (weight != null) {
        y *= weight[i];
      }
      if (bias != null) {
        y += bias[i];
      }
      result[to + i] = (float) y;
    }
  }

  static double sum(float[] x, int from, int length) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int i = from;
    for (; i <= from + length - 4; i += 4) {
      sum0 += x[i];
      sum1 += x[i + 1];
      sum2 += x[i + 2];
      sum3 += x[i + 3];
    }
    for (; i < from + length; i++) {
      sum0 += x[i];
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }

  static double sumOfSquares(float[] x, int from, int length, double mean) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int i = from;
    for (; i <= from + length - 4; i += 4) {
      sum0 += square(x[i] - mean);
      sum1 += square(x[i + 1] - mean);
      sum2 += square(x[i + 2] - mean);
      sum3 += square(x[i + 3] - mean);
    }
    for (; i < from + length; i++) {
      sum0 += square(x[i] - mean);
    }
    return (sum0 + sum1) + (sum2 + sum3);
  }

  private static double square(double x) {
    return x * x;
  }
}
