package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The formulas in the Javadoc of {@link BackwardKernels} as plain loops, in double or rounded to float after every operation, as {@link
 * PlainKernels}.
 *
 * @param rounded whether every value is rounded to float
 */
public record PlainGradients(boolean rounded) {
  public static final PlainGradients DOUBLE = new PlainGradients(false);
  public static final PlainGradients FLOAT = new PlainGradients(true);

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

  /** start + Σ term, one after the other. */
  private double sum(double start, int terms, IntToDoubleFunction term) {
    double sum = start;
    for (int n = 0; n < terms; n++) {
      sum = round(sum + round(term.applyAsDouble(n)));
    }
    return sum;
  }

  public double[][] productInput(Matrix dy, Matrix weight) {
    return each(dy.rows(), weight.columns(), (r, i) -> sum(0, dy.columns(), o -> (double) dy.get(r, o) * weight.get(o, i)));
  }

  /** What {@code before} is after the gradient has been added. */
  public double[][] productWeight(Matrix dy, Matrix x, Matrix before) {
    return each(dy.columns(), x.columns(), (o, i) -> sum(before.get(o, i), dy.rows(), r -> (double) dy.get(r, o) * x.get(r, i)));
  }

  public double[][] columnSums(Matrix dy, float[] before) {
    return each(1, dy.columns(), (none, c) -> sum(before[c], dy.rows(), r -> dy.get(r, c)));
  }

  public double[][] activation(Activation activation, Matrix x, Matrix dy) {
    return each(x.rows(), x.columns(), (r, c) -> round(dy.get(r, c) * round(derivative(activation, x.get(r, c)))));
  }

  public double[][] gate(Activation activation, Matrix gate, Matrix up, Matrix dy) {
    return each(
        gate.rows(),
        gate.columns(),
        (r, c) -> round(round((double) dy.get(r, c) * up.get(r, c)) * round(derivative(activation, gate.get(r, c)))));
  }

  public double[][] gateUp(Activation activation, Matrix gate, Matrix dy) {
    return each(gate.rows(), gate.columns(), (r, c) -> round(dy.get(r, c) * round(PlainKernels.activation(activation, gate.get(r, c)))));
  }

  public static double derivative(Activation activation, double x) {
    return switch (activation) {
      case NONE -> 1;
      case RELU -> Double.isNaN(x) ? x : x > 0 ? 1 : 0;
      case GELU -> x == Double.NEGATIVE_INFINITY ? 0 : x > 100 ? 1 : (1 + PlainKernels.erf(x / Math.sqrt(2))) / 2 + x * density(x);
      case GELU_TANH -> {
        double root = Math.sqrt(2 / Math.PI);
        double t = Math.tanh(root * (x + 0.044715 * Math.pow(x, 3)));
        yield t * t == 1 ? (1 + t) / 2 : (1 + t) / 2 + x / 2 * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x);
      }
      case SILU -> {
        double s = PlainKernels.activation(Activation.SIGMOID, x);
        yield s == 0 || s == 1 ? s : s * (1 + x * (1 - s));
      }
      case TANH -> 1 - Math.pow(Math.tanh(x), 2);
      case SIGMOID -> Math.exp(-Math.abs(x)) / Math.pow(1 + Math.exp(-Math.abs(x)), 2);
    };
  }

  private static double density(double x) {
    return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  /** The gradients of a norm: of the input, of the weight and of the bias, the last two added. */
  public record NormGradients(double[][] input, double[][] weight, double[][] bias) {}

  public NormGradients norm(Matrix x, boolean centred, float @Nullable [] weight, float epsilon, Matrix dy, float[] dw, float[] db) {
    int columns = x.columns();
    double[][] n = new PlainKernels(rounded).norm(x, centred, null, null, epsilon);
    double[][] input = new double[x.rows()][columns];
    for (int row = 0; row < x.rows(); row++) {
      int r = row;
      double mean = centred ? round(sum(0, columns, c -> x.get(r, c)) / columns) : 0;
      double squares = round(sum(0, columns, c -> Math.pow(round(x.get(r, c) - mean), 2)) / columns);
      double scale = round(1 / Math.sqrt(round(squares + epsilon)));
      IntToDoubleFunction g = c -> round(weight == null ? dy.get(r, c) : (double) dy.get(r, c) * weight[c]);
      double meanGradient = centred ? round(sum(0, columns, g) / columns) : 0;
      double dot = round(sum(0, columns, c -> g.applyAsDouble(c) * n[r][c]) / columns);
      for (int c = 0; c < columns; c++) {
        input[r][c] = round(scale * round(round(g.applyAsDouble(c) - meanGradient) - round(n[r][c] * dot)));
      }
    }
    double[][] weightSums = each(1, columns, (none, c) -> sum(dw[c], x.rows(), r -> dy.get(r, c) * n[r][c]));
    return new NormGradients(input, weightSums, columnSums(dy, db));
  }

  public double[][] softmax(Matrix weights, Matrix dw) {
    double[] dots = new double[weights.rows()];
    for (int row = 0; row < dots.length; row++) {
      int r = row;
      dots[r] = sum(0, weights.columns(), k -> (double) weights.get(r, k) * dw.get(r, k));
    }
    return each(weights.rows(), weights.columns(), (r, c) -> round(weights.get(r, c) * round(dw.get(r, c) - dots[r])));
  }

  /** The loss of one row. */
  public double crossEntropy(Matrix logits, int row, int target, float smoothing) {
    double[][] logs = new PlainKernels(rounded).logSoftmax(logits.rows(row, row + 1));
    double loss = -(1 - (double) smoothing) * logs[0][target];
    return smoothing == 0 ? loss : loss - smoothing * sum(0, logits.columns(), c -> logs[0][c]) / logits.columns();
  }

  public double[][] crossEntropyGradient(Matrix logits, int[] targets, int ignored, float smoothing, float scale) {
    double[][] p = new PlainKernels(rounded).softmax(logits);
    int classes = logits.columns();
    return each(
        logits.rows(),
        classes,
        (r, c) -> {
          double target = (c == targets[r] ? 1 - (double) smoothing : 0) + (double) smoothing / classes;
          return targets[r] == ignored ? 0 : round(scale * round(p[r][c] - round(target)));
        });
  }
}
