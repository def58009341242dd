package dev.lanewise.core.reference.layers;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The formulas of layers in plain loops over rows. In double they are the truth. In float, every value is rounded and a sum has one
 * accumulator, as in plain float code: the yardstick for the error of fast code.
 */
public final class ReferenceLayers {
  private static final ReferenceLayers DOUBLE = new ReferenceLayers(false);
  private static final ReferenceLayers FLOAT = new ReferenceLayers(true);

  private final boolean rounded;

  private ReferenceLayers(boolean rounded) {
    this.rounded = rounded;
  }

  /** The formulas with every value in double. */
  public static ReferenceLayers inDouble() {
    return DOUBLE;
  }

  /** The formulas with every value rounded to float. */
  public static ReferenceLayers inFloat() {
    return FLOAT;
  }

  private double round(double x) {
    return rounded ? (float) x : x;
  }

  /** The rows of a matrix. */
  public static double[][] rows(Matrix x) {
    double[][] rows = new double[x.rows()][x.columns()];
    for (int row = 0; row < x.rows(); row++) {
      for (int c = 0; c < x.columns(); c++) {
        rows[row][c] = x.get(row, c);
      }
    }
    return rows;
  }

  /** The rows of a batch entry. */
  public static double[][] rows(SequenceBatch x, int b) {
    return rows(x.matrix(b, 0, x.rows(), 0, x.width()));
  }

  /** All elements, row after row. */
  public static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  /** Columns as rows. */
  public static double[][] transposed(double[][] x) {
    double[][] result = new double[x.length == 0 ? 0 : x[0].length][x.length];
    for (int row = 0; row < x.length; row++) {
      for (int c = 0; c < x[row].length; c++) {
        result[c][row] = x[row][c];
      }
    }
    return result;
  }

  /** x + y, element by element. */
  public double[][] add(double[][] x, double[][] y) {
    double[][] result = new double[x.length][];
    Arrays.setAll(result, row -> each(x[row], c -> round(x[row][c] + y[row][c])));
    return result;
  }

  /** x · y, element by element. */
  public double[][] multiply(double[][] x, double[][] y) {
    double[][] result = new double[x.length][];
    Arrays.setAll(result, row -> each(x[row], c -> round(x[row][c] * y[row][c])));
    return result;
  }

  private interface Element {
    double at(int column);
  }

  private static double[] each(double[] like, Element element) {
    double[] result = new double[like.length];
    Arrays.setAll(result, element::at);
    return result;
  }

  /** Σ<sub>d</sub> x[d] · y[d]. */
  public double dot(double[] x, double[] y) {
    double sum = 0;
    for (int d = 0; d < x.length; d++) {
      sum = round(sum + round(x[d] * y[d]));
    }
    return sum;
  }

  /** scale · x · yᵀ. */
  public double[][] products(double[][] x, double[][] y, double scale) {
    double[][] result = new double[x.length][y.length];
    for (int row = 0; row < x.length; row++) {
      for (int o = 0; o < y.length; o++) {
        result[row][o] = round(round(scale) * dot(x[row], y[o]));
      }
    }
    return result;
  }

  /**
   * x · weightᵀ + bias.
   *
   * @param weight outputs × inputs
   * @param bias one number for each output, or null
   * @param from the first output to compute
   * @param count the number of outputs to compute
   */
  public double[][] linear(double[][] x, float[] weight, float @Nullable [] bias, int from, int count) {
    double[][] result = new double[x.length][count];
    for (int row = 0; row < x.length; row++) {
      int inputs = x[row].length;
      for (int o = 0; o < count; o++) {
        double sum = 0;
        for (int i = 0; i < inputs; i++) {
          sum = round(sum + round(x[row][i] * weight[(from + o) * inputs + i]));
        }
        result[row][o] = bias == null ? sum : round(sum + bias[from + o]);
      }
    }
    return result;
  }

  /** {@link #linear(double[][], float[], float[], int, int)} with all outputs. */
  public double[][] linear(double[][] x, float[] weight, float @Nullable [] bias) {
    return linear(x, weight, bias, 0, x.length == 0 ? 0 : weight.length / x[0].length);
  }

  /** x · y of two matrices in double, row after row. */
  public static double[] product(Matrix x, Matrix y) {
    return flat(DOUBLE.products(rows(x), transposed(rows(y)), 1));
  }

  /** The rows in double, rotated by their positions. A pair is an element of each half, or two neighbours. */
  public static double[] rotated(Heads x, double[] frequencies, boolean halves) {
    double[] result = new double[x.heads() * x.rows() * x.width()];
    for (int n = 0; n < x.heads() * x.rows(); n++) {
      for (int i = 0; i < frequencies.length; i++) {
        int left = halves ? i : 2 * i;
        int right = left + (halves ? frequencies.length : 1);
        double one = x.get(0, n / x.rows(), n % x.rows(), left);
        double other = x.get(0, n / x.rows(), n % x.rows(), right);
        double angle = n % x.rows() * frequencies[i];
        result[n * x.width() + left] = one * Math.cos(angle) - other * Math.sin(angle);
        result[n * x.width() + right] = other * Math.cos(angle) + one * Math.sin(angle);
      }
    }
    return result;
  }

  /** e<sup>x</sup> of each element. */
  public double[][] exp(double[][] x) {
    double[][] result = new double[x.length][];
    Arrays.setAll(result, row -> each(x[row], c -> round(Math.exp(x[row][c]))));
    return result;
  }

  /** e<sup>x</sup> / Σ e<sup>x</sup> of each row. */
  public double[][] softmax(double[][] x) {
    double[][] result = new double[x.length][];
    for (int row = 0; row < x.length; row++) {
      double[] scores = x[row];
      double largest = Arrays.stream(scores).max().orElse(Double.NEGATIVE_INFINITY);
      double[] powers = each(scores, j -> round(Math.exp(round(scores[j] - largest))));
      double sum = Arrays.stream(powers).reduce(0, (left, right) -> round(left + right));
      result[row] = each(powers, j -> round(powers[j] / sum));
    }
    return result;
  }

  /** Layer norm if {@code centred}, else RMS norm, of each row. */
  public double[][] norm(double[][] x, boolean centred, float[] weight, float @Nullable [] bias, double epsilon) {
    double[][] result = new double[x.length][];
    for (int row = 0; row < x.length; row++) {
      double[] values = x[row];
      int width = values.length;
      double mean = centred ? round(Arrays.stream(values).reduce(0, (left, right) -> round(left + right)) / width) : 0;
      double[] differences = each(values, c -> round(values[c] - mean));
      double scale = round(1 / Math.sqrt(round(dot(differences, differences) / width) + epsilon));
      double[] scaled = each(differences, c -> round(round(differences[c] * scale) * weight[c]));
      result[row] = bias == null ? scaled : each(scaled, c -> round(scaled[c] + bias[c]));
    }
    return result;
  }

  /** The activation of each element, exact to double precision and then rounded. */
  public double[][] activated(Activation activation, double[][] x) {
    double[][] result = new double[x.length][];
    Arrays.setAll(result, row -> each(x[row], c -> round(activation(activation, x[row][c]))));
    return result;
  }

  private static double activation(Activation activation, double x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> Math.max(x, 0);
      case GELU -> x / 2 * (1 + erf(x / Math.sqrt(2)));
      case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case SILU -> x / (1 + Math.exp(-x));
      case TANH -> Math.tanh(x);
      case SIGMOID -> 1 / (1 + Math.exp(-x));
    };
  }

  /** erf x = 2/√π · e<sup>−x²</sup> Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 ⋯ (2n + 1)). The terms have one sign, so no digits are lost. */
  private static double erf(double x) {
    if (Math.abs(x) >= 6) {
      return Math.signum(x); // 1 − erf 6 is 2e-17
    }
    double term = x;
    double sum = x;
    for (int odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
      term *= 2 * x * x / odd;
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  /**
   * Attention of all heads, which lie side by side in each row.
   *
   * @param attention its formula and mask count
   * @return the heads' outputs side by side in each row
   */
  public double[][] attention(double[][] query, double[][] key, double[][] value, int heads, int keyValueHeads, Attention attention) {
    int headDim = query[0].length / heads;
    int valueDim = value[0].length / keyValueHeads;
    // ReferenceAttention reads floats. A double is a pair high + low of floats, good for 48 bits. The four products of two pairs are the
    // products of these rows.
    double scale = attention.settings().formula().scale(headDim);
    Heads queries = rounded ? split(query, heads, true) : split(scaled(query, scale), heads, true, false, true, false);
    Heads keys = rounded ? split(key, keyValueHeads, true) : split(key, keyValueHeads, true, true, false, false);
    Heads values = rounded ? split(value, keyValueHeads, true) : split(value, keyValueHeads, true, false);
    double[] output =
        rounded
            ? ReferenceAttention.of(attention, queries, keys, values).inFloat().output()
            : ReferenceAttention.of(attention.withScale(1), queries, keys, values).output();
    double[][] result = new double[query.length][heads * valueDim];
    for (int n = 0; n < output.length; n++) {
      int column = n % values.width() % valueDim;
      int row = n / values.width();
      result[row % query.length][row / query.length * valueDim + column] += output[n];
    }
    return result;
  }

  private static double[][] scaled(double[][] x, double scale) {
    return Arrays.stream(x).map(row -> Arrays.stream(row).map(element -> scale * element).toArray()).toArray(double[][]::new);
  }

  /** The high or low parts of each head's row, one after the other. */
  private static Heads split(double[][] x, int heads, boolean... highs) {
    int width = x[0].length / heads;
    Heads result = Heads.zeros(1, heads, x.length, highs.length * width);
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < x.length; row++) {
        int to = result.index(0, head, row);
        for (boolean high : highs) {
          for (int d = 0; d < width; d++) {
            double element = x[row][head * width + d];
            result.data()[to++] = high ? (float) element : (float) (element - (float) element);
          }
        }
      }
    }
    return result;
  }
}
