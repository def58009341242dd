package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
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

  private interface Element {
    double at(int row, int column);
  }

  private static double[][] each(int rows, int columns, Element element) {
    double[][] result = new double[rows][columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        result[row][column] = element.at(row, column);
      }
    }
    return result;
  }

  private double sum(int terms, IntToDoubleFunction term) {
    double sum = 0;
    for (int n = 0; n < terms; n++) {
      sum = round(sum + round(term.applyAsDouble(n)));
    }
    return sum;
  }

  public double[][] scores(Matrix query, Matrix key, float scale) {
    return each(query.rows(), key.rows(), (i, j) -> round(scale * sum(query.columns(), d -> (double) query.get(i, d) * key.get(j, d))));
  }

  public double[][] additiveScores(Matrix query, Matrix key, float[] vector) {
    return each(
        query.rows(),
        key.rows(),
        (i, j) -> sum(vector.length, a -> vector[a] * round(Math.tanh(round((double) query.get(i, a) + key.get(j, a))))));
  }

  public double[][] softmax(Matrix scores) {
    double[][] powers = new double[scores.rows()][];
    for (int i = 0; i < powers.length; i++) {
      int query = i;
      double[] row = IntStream.range(0, scores.columns()).mapToDouble(j -> scores.get(query, j)).toArray();
      double max = Arrays.stream(row).reduce(Double.NEGATIVE_INFINITY, Math::max);
      powers[i] = Arrays.stream(row).map(score -> round(Math.exp(round(score - max)))).toArray();
      double sum = sum(row.length, j -> powers[query][j]);
      powers[i] = Arrays.stream(powers[i]).map(power -> round(power / sum)).toArray();
    }
    return powers;
  }

  public double[][] logSoftmax(Matrix x) {
    double[][] logs = new double[x.rows()][];
    for (int i = 0; i < logs.length; i++) {
      int row = i;
      double max = IntStream.range(0, x.columns()).mapToDouble(j -> x.get(row, j)).reduce(Double.NEGATIVE_INFINITY, Math::max);
      double log = round(Math.log(sum(x.columns(), j -> Math.exp(round(x.get(row, j) - max)))));
      logs[i] = IntStream.range(0, x.columns()).mapToDouble(j -> round(round(x.get(row, j) - max) - log)).toArray();
    }
    return logs;
  }

  /** Layer norm if {@code centred}, else RMS norm. */
  public double[][] norm(Matrix x, boolean centred, float @Nullable [] weight, float @Nullable [] bias, double epsilon) {
    double[][] result = new double[x.rows()][];
    for (int row = 0; row < result.length; row++) {
      int i = row;
      double mean = centred ? round(sum(x.columns(), j -> x.get(i, j)) / x.columns()) : 0;
      double[] differences = IntStream.range(0, x.columns()).mapToDouble(j -> round(x.get(i, j) - mean)).toArray();
      double squares = round(sum(x.columns(), j -> differences[j] * differences[j]) / x.columns());
      double scale = round(1 / Math.sqrt(round(squares + epsilon)));
      IntToDoubleFunction scaled = j -> round(round(differences[j] * scale) * (weight == null ? 1 : weight[j]));
      result[i] = IntStream.range(0, x.columns()).mapToDouble(j -> round(scaled.applyAsDouble(j) + (bias == null ? 0 : bias[j]))).toArray();
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
