package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The formulas in the Javadoc of {@link Kernels} as plain loops: in double the truth that every path is measured against, and in float,
 * with one accumulator for each sum, the yardstick for errors.
 *
 * @param rounded whether every value is rounded to float
 */
public record PlainKernels(boolean rounded) {
  public static final PlainKernels DOUBLE = new PlainKernels(false);
  public static final PlainKernels FLOAT = new PlainKernels(true);

  private double round(double x) {
    return rounded ? (float) x : x;
  }

  public double[][] scores(Matrix query, Matrix key, float scale) {
    double[][] scores = new double[query.rows()][key.rows()];
    for (int i = 0; i < query.rows(); i++) {
      for (int j = 0; j < key.rows(); j++) {
        double sum = 0;
        for (int d = 0; d < query.columns(); d++) {
          sum = round(sum + round((double) query.data()[query.index(i, d)] * key.data()[key.index(j, d)]));
        }
        scores[i][j] = round(scale * sum);
      }
    }
    return scores;
  }

  public double[][] additiveScores(Matrix query, Matrix key, float[] vector) {
    double[][] scores = new double[query.rows()][key.rows()];
    for (int i = 0; i < query.rows(); i++) {
      for (int j = 0; j < key.rows(); j++) {
        for (int a = 0; a < vector.length; a++) {
          double both = round((double) query.data()[query.index(i, a)] + key.data()[key.index(j, a)]);
          scores[i][j] = round(scores[i][j] + round(vector[a] * round(Math.tanh(both))));
        }
      }
    }
    return scores;
  }

  public double[][] softmax(Matrix scores) {
    double[][] weights = new double[scores.rows()][scores.columns()];
    for (int i = 0; i < scores.rows(); i++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < scores.columns(); j++) {
        max = Math.max(max, scores.get(i, j));
      }
      double sum = 0;
      for (int j = 0; j < scores.columns(); j++) {
        weights[i][j] = round(Math.exp(round(scores.get(i, j) - max)));
        sum = round(sum + weights[i][j]);
      }
      for (int j = 0; j < scores.columns(); j++) {
        weights[i][j] = round(weights[i][j] / sum);
      }
    }
    return weights;
  }

  /** Layer norm if {@code centred}, else RMS norm. */
  public double[][] norm(Matrix x, boolean centred, float @Nullable [] weight, float @Nullable [] bias, double epsilon) {
    double[][] result = new double[x.rows()][x.columns()];
    for (int i = 0; i < x.rows(); i++) {
      double sum = 0;
      for (int j = 0; centred && j < x.columns(); j++) {
        sum = round(sum + x.get(i, j));
      }
      double mean = round(sum / x.columns());
      double squares = 0;
      for (int j = 0; j < x.columns(); j++) {
        double difference = round(x.get(i, j) - mean);
        squares = round(squares + round(difference * difference));
      }
      double scale = round(1 / Math.sqrt(round(round(squares / x.columns()) + epsilon)));
      for (int j = 0; j < x.columns(); j++) {
        double scaled = round(round(round(x.get(i, j) - mean) * scale) * (weight == null ? 1 : weight[j]));
        result[i][j] = round(scaled + (bias == null ? 0 : bias[j]));
      }
    }
    return result;
  }

  /**
   * input · weight + bias.
   *
   * @param weight inputs × outputs
   */
  public double[][] product(Matrix input, Matrix weight, float @Nullable [] bias) {
    double[][] result = new double[input.rows()][weight.columns()];
    for (int r = 0; r < input.rows(); r++) {
      for (int i = 0; i < weight.rows(); i++) {
        double factor = input.data()[input.index(r, i)];
        for (int o = 0; o < weight.columns(); o++) {
          result[r][o] = round(result[r][o] + round(factor * weight.data()[weight.index(i, o)]));
        }
      }
      for (int o = 0; bias != null && o < bias.length; o++) {
        result[r][o] = round(result[r][o] + bias[o]);
      }
    }
    return result;
  }

  /** The activation of each element, exact to double precision and then rounded: what is left is the error of the sums that went in. */
  public double[][] activated(Activation activation, double[][] x) {
    double[][] result = new double[x.length][];
    Arrays.setAll(result, row -> Arrays.stream(x[row]).map(element -> round(activation(activation, element))).toArray());
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

  /** erf x = 2/√π · e<sup>−x²</sup> Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 ⋯ (2n + 1)). The terms have one sign, so no digits are lost. */
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
}
