package dev.lanewise.bench.throughput;

import dev.lanewise.kernels.Matrix;
import java.util.Arrays;

/** The exact side of {@link Accuracy}: float inputs, every operation in double. */
final class PlainDouble {
  private PlainDouble() {}

  /** Σ<sub>d</sub> left[i][d] · right[j][d]. */
  static double dot(Matrix left, int i, Matrix right, int j) {
    double sum = 0;
    for (int d = 0; d < left.columns(); d++) {
      sum += (double) left.get(i, d) * right.get(j, d);
    }
    return sum;
  }

  /** Row i of the softmax of {@code scores}. */
  static double[] softmax(Matrix scores, int i) {
    double[] weights = new double[scores.columns()];
    Arrays.setAll(weights, j -> scores.get(i, j));
    double max = Arrays.stream(weights).max().orElse(Double.NEGATIVE_INFINITY);
    double sum = 0;
    for (int j = 0; j < weights.length; j++) {
      weights[j] = Math.exp(weights[j] - max);
      sum += weights[j];
    }
    for (int j = 0; j < weights.length; j++) {
      weights[j] /= sum;
    }
    return weights;
  }

  /** Σ<sub>j</sub> weights[i][j] · value[j][d]. */
  static double blend(Matrix weights, int i, Matrix value, int d) {
    double sum = 0;
    for (int j = 0; j < weights.columns(); j++) {
      sum += (double) weights.get(i, j) * value.get(j, d);
    }
    return sum;
  }
}
