package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;

/** The exact side of {@link Accuracy}: float inputs, every operation in double. */
public final class PlainDouble {
  private PlainDouble() {}

  /** Σ<sub>d</sub> left[i][d] · right[j][d]. */
  public static double dot(Matrix left, int i, Matrix right, int j) {
    double sum = 0;
    for (int d = 0; d < left.columns(); d++) {
      sum += (double) left.get(i, d) * right.get(j, d);
    }
    return sum;
  }

  /** Row i of the softmax of {@code scores}. */
  public static double[] softmax(Matrix scores, int i) {
    double[] row = new double[scores.columns()];
    Arrays.setAll(row, j -> scores.get(i, j));
    return softmax(row);
  }

  /** The softmax of a row; the array is overwritten with it and returned. */
  public static double[] softmax(double[] row) {
    double max = Arrays.stream(row).max().orElse(Double.NEGATIVE_INFINITY);
    double sum = 0;
    for (int j = 0; j < row.length; j++) {
      row[j] = Math.exp(row[j] - max);
      sum += row[j];
    }
    for (int j = 0; j < row.length; j++) {
      row[j] /= sum;
    }
    return row;
  }

  /** Σ<sub>j</sub> weights[i][j] · value[j][d]. */
  public static double blend(Matrix weights, int i, Matrix value, int d) {
    double sum = 0;
    for (int j = 0; j < weights.columns(); j++) {
      sum += (double) weights.get(i, j) * value.get(j, d);
    }
    return sum;
  }
}
