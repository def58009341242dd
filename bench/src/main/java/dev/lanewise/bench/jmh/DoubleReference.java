package dev.lanewise.bench.jmh;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** The kernels' formulas in double, dense, row after row. */
final class DoubleReference {
  private DoubleReference() {}

  /** e<sup>x</sup>, element by element. */
  static double[] exp(Matrix x) {
    return each(x, Math::exp);
  }

  /** tanh x, element by element. */
  static double[] tanh(Matrix x) {
    return each(x, Math::tanh);
  }

  /** x/2 · (1 + erf(x/√2)), element by element. */
  static double[] gelu(Matrix x) {
    return each(x, element -> element / 2 * (1 + erf(element / Math.sqrt(2))));
  }

  /** x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), element by element. */
  static double[] geluTanh(Matrix x) {
    return each(x, element -> element / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (element + 0.044715 * element * element * element))));
  }

  /** 2/√π · e<sup>−x²</sup> Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 ⋯ (2n + 1)), for the few units around 0 that the benchmarks use. */
  private static double erf(double x) {
    double term = x;
    double sum = 0;
    for (int odd = 3; Math.abs(term) > 1e-17; odd += 2) {
      sum += term;
      term *= 2 * x * x / odd;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  private static double[] each(Matrix x, DoubleUnaryOperator function) {
    double[] result = new double[x.rows() * x.columns()];
    for (int i = 0; i < result.length; i++) {
      result[i] = function.applyAsDouble(x.get(i / x.columns(), i % x.columns()));
    }
    return result;
  }

  /** Row softmax. */
  public static double[] softmax(Matrix scores) {
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

  /** (x − mean) / √(variance + epsilon) · weight + bias of every row. */
  static double[] layerNorm(Matrix x, float[] weight, float[] bias, double epsilon) {
    double[] result = each(x, element -> element);
    int columns = x.columns();
    for (int from = 0; from < result.length; from += columns) {
      double mean = Arrays.stream(result, from, from + columns).sum() / columns;
      double variance = Arrays.stream(result, from, from + columns).map(element -> (element - mean) * (element - mean)).sum() / columns;
      for (int j = 0; j < columns; j++) {
        result[from + j] = (result[from + j] - mean) / Math.sqrt(variance + epsilon) * weight[j] + bias[j];
      }
    }
    return result;
  }

  /** x / √(mean of x² + epsilon) · weight of every row. */
  static double[] rmsNorm(Matrix x, float[] weight, double epsilon) {
    double[] result = each(x, element -> element);
    int columns = x.columns();
    for (int from = 0; from < result.length; from += columns) {
      double meanSquare = Arrays.stream(result, from, from + columns).map(element -> element * element).sum() / columns;
      for (int j = 0; j < columns; j++) {
        result[from + j] *= weight[j] / Math.sqrt(meanSquare + epsilon);
      }
    }
    return result;
  }

  /**
   * scale · left · right.
   *
   * @param left rows × inner
   * @param right inner × columns
   */
  public static double[] product(Matrix left, Matrix right, double scale) {
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

  /** Pairs of a dense batch entry turned by row · frequency: elements i and i + pairs, or neighbours. */
  static double[] rotary(Heads x, double[] frequencies, boolean half) {
    int pairs = frequencies.length;
    double[] result = new double[x.heads() * x.rows() * x.width()];
    for (int n = 0; n < x.heads() * x.rows(); n++) {
      for (int i = 0; i < pairs; i++) {
        int left = n * x.width() + (half ? i : 2 * i);
        int right = left + (half ? pairs : 1);
        double angle = n % x.rows() * frequencies[i];
        result[left] = x.data()[left] * Math.cos(angle) - x.data()[right] * Math.sin(angle);
        result[right] = x.data()[right] * Math.cos(angle) + x.data()[left] * Math.sin(angle);
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
