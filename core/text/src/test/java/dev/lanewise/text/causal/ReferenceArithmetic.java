package dev.lanewise.text.causal;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Plain loops over rows for {@link ReferenceCausalModel}, in double, or with every value rounded to float. */
record ReferenceArithmetic(boolean rounded) {

  double round(double x) {
    return rounded ? (float) x : x;
  }

  /** x · weightᵀ + bias, weight outputs × inputs. */
  double[][] linear(double[][] x, float[] weight, float @Nullable [] bias, int outputs) {
    double[][] y = new double[x.length][outputs];
    for (int row = 0; row < x.length; row++) {
      int inputs = x[row].length;
      for (int o = 0; o < outputs; o++) {
        double sum = 0;
        for (int i = 0; i < inputs; i++) {
          sum = round(sum + round(x[row][i] * weight[o * inputs + i]));
        }
        y[row][o] = bias == null ? sum : round(sum + bias[o]);
      }
    }
    return y;
  }

  /** x / √(mean of x² + ε) · (weight + added). */
  double[] rmsNorm(double[] x, float[] weight, double epsilon, double added) {
    double squares = 0;
    for (double v : x) {
      squares = round(squares + round(v * v));
    }
    double scale = round(1 / Math.sqrt(round(round(squares / x.length) + epsilon)));
    double[] y = new double[x.length];
    for (int c = 0; c < x.length; c++) {
      y[c] = round(round(x[c] * scale) * round(weight[c] + added));
    }
    return y;
  }

  /** (x − mean) / √(variance + ε) · weight + bias. */
  double[] layerNorm(double[] x, float[] weight, float[] bias, double epsilon) {
    double mean = round(Arrays.stream(x).reduce(0, (sum, v) -> round(sum + v)) / x.length);
    double[] y = rmsNorm(Arrays.stream(x).map(v -> round(v - mean)).toArray(), weight, epsilon, 0);
    for (int c = 0; c < x.length; c++) {
      y[c] = round(y[c] + bias[c]);
    }
    return y;
  }

  /** x · sigmoid(x). */
  double silu(double x) {
    return round(x / (1 + Math.exp(-x)));
  }

  /** x · Φ(x) by GPT-2's formula with a tanh. */
  double geluTanh(double x) {
    return round(x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
  }

  /** cap · tanh(x / cap). */
  double capped(double x, double cap) {
    return round(round(Math.tanh(round(x / cap))) * cap);
  }

  double[][] add(double[][] x, double[][] y) {
    double[][] sum = new double[x.length][x[0].length];
    for (int row = 0; row < x.length; row++) {
      for (int c = 0; c < sum[row].length; c++) {
        sum[row][c] = round(x[row][c] + y[row][c]);
      }
    }
    return sum;
  }

  /** The function of each element. */
  static double[][] each(double[][] x, DoubleUnaryOperator function) {
    return Arrays.stream(x).map(row -> Arrays.stream(row).map(function).toArray()).toArray(double[][]::new);
  }
}
