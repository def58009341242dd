package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.Matrix;

/** The float code that anybody would write first, one accumulator a sum: the yardstick beside the measured error in {@link Accuracy}. */
public final class PlainFloat {
  private PlainFloat() {}

  /** Σ<sub>d</sub> left[i][d] · right[j][d]. */
  public static float dot(Matrix left, int i, Matrix right, int j) {
    float sum = 0;
    for (int d = 0; d < left.columns(); d++) {
      sum += left.get(i, d) * right.get(j, d);
    }
    return sum;
  }

  /** Row i of the softmax of {@code scores}. */
  public static float[] softmax(Matrix scores, int i) {
    float max = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < scores.columns(); j++) {
      max = Math.max(max, scores.get(i, j));
    }
    float[] weights = new float[scores.columns()];
    float sum = 0;
    for (int j = 0; j < weights.length; j++) {
      weights[j] = (float) Math.exp(scores.get(i, j) - max);
      sum += weights[j];
    }
    for (int j = 0; j < weights.length; j++) {
      weights[j] /= sum;
    }
    return weights;
  }

  /** Σ<sub>j</sub> weights[i][j] · value[j][d]. */
  public static float blend(Matrix weights, int i, Matrix value, int d) {
    float sum = 0;
    for (int j = 0; j < weights.columns(); j++) {
      sum += weights.get(i, j) * value.get(j, d);
    }
    return sum;
  }
}
