package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The kernels' formulas in double, the way they are written in the Javadoc of {@link Kernels}: what every path is measured against. */
public final class DoubleReference {
  private DoubleReference() {}

  public static double[][] scores(Matrix query, Matrix key, float scale) {
    double[][] scores = new double[query.rows()][key.rows()];
    for (int i = 0; i < query.rows(); i++) {
      for (int j = 0; j < key.rows(); j++) {
        double sum = 0;
        for (int d = 0; d < query.columns(); d++) {
          sum += (double) query.data()[query.index(i, d)] * key.data()[key.index(j, d)];
        }
        scores[i][j] = scale * sum;
      }
    }
    return scores;
  }

  public static double[][] additiveScores(Matrix query, Matrix key, float[] vector) {
    double[][] scores = new double[query.rows()][key.rows()];
    for (int i = 0; i < query.rows(); i++) {
      for (int j = 0; j < key.rows(); j++) {
        for (int a = 0; a < vector.length; a++) {
          scores[i][j] += vector[a] * Math.tanh((double) query.data()[query.index(i, a)] + key.data()[key.index(j, a)]);
        }
      }
    }
    return scores;
  }

  public static double[][] softmax(Matrix scores) {
    double[][] weights = new double[scores.rows()][scores.columns()];
    for (int i = 0; i < scores.rows(); i++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < scores.columns(); j++) {
        max = Math.max(max, scores.get(i, j));
      }
      double sum = 0;
      for (int j = 0; j < scores.columns(); j++) {
        weights[i][j] = Math.exp(scores.get(i, j) - max);
        sum += weights[i][j];
      }
      for (int j = 0; j < scores.columns(); j++) {
        weights[i][j] /= sum;
      }
    }
    return weights;
  }

  /** Layer norm if {@code centred}, else RMS norm. */
  public static double[][] norm(Matrix x, boolean centred, float @Nullable [] weight, float @Nullable [] bias, double epsilon) {
    double[][] result = new double[x.rows()][x.columns()];
    for (int i = 0; i < x.rows(); i++) {
      double mean = 0;
      for (int j = 0; centred && j < x.columns(); j++) {
        mean += x.get(i, j) / (double) x.columns();
      }
      double variance = 0;
      for (int j = 0; j < x.columns(); j++) {
        variance += Math.pow(x.get(i, j) - mean, 2) / x.columns();
      }
      for (int j = 0; j < x.columns(); j++) {
        double factor = weight == null ? 1 : weight[j];
        result[i][j] = (x.get(i, j) - mean) / Math.sqrt(variance + epsilon) * factor + (bias == null ? 0 : bias[j]);
      }
    }
    return result;
  }

  public static double activation(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> x < 0 ? 0 : x;
      case GELU -> x / 2 * (1 + erf(x / Math.sqrt(2)));
      case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * Math.pow(x, 3))));
      case SILU -> x / (1 + Math.exp(-x));
      case TANH -> Math.tanh(x);
      case SIGMOID -> 1 / (1 + Math.exp(-x));
    };
  }

  public static double[][] activated(Activation activation, double[][] x) {
    double[][] result = new double[x.length][];
    for (int row = 0; row < x.length; row++) {
      result[row] = Arrays.stream(x[row]).map(element -> activation(activation, element)).toArray();
    }
    return result;
  }

  /** erf x = 2/√π · e<sup>−x²</sup> Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 ⋯ (2n + 1)): slow, but its terms have one sign, so nothing cancels. */
  public static double erf(double x) {
    if (!(Math.abs(x) < 6)) {
      return Double.isNaN(x) ? x : Math.signum(x); // 1 − erf 6 is 2e-17
    }
    double term = x;
    double sum = x;
    for (int odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
      term *= 2 * x * x / odd;
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  public static double[][] output(Matrix weights, Matrix value) {
    return product(weights, value, null);
  }

  /**
   * input · weight + bias.
   *
   * @param weight inputs × outputs
   */
  public static double[][] product(Matrix input, Matrix weight, float @Nullable [] bias) {
    double[][] result = new double[input.rows()][weight.columns()];
    for (int r = 0; r < input.rows(); r++) {
      for (int i = 0; i < weight.rows(); i++) {
        double factor = input.data()[input.index(r, i)];
        for (int o = 0; o < weight.columns(); o++) {
          result[r][o] += factor * weight.data()[weight.index(i, o)];
        }
      }
      for (int o = 0; bias != null && o < bias.length; o++) {
        result[r][o] += bias[o];
      }
    }
    return result;
  }
}
