package dev.lanewise.bench.jmh;

import dev.lanewise.kernels.BackwardKernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.function.IntToDoubleFunction;
import org.openjdk.jmh.annotations.Param;

/** The gradients of functions of rows, of rows × columns elements a call. */
@SuppressWarnings("NullAway.Init") // JMH sets the parameters
public class RowGradientBenchmark extends ScalarVersusVector {
  private static final float EPSILON = 1e-5f;

  /** Which function. */
  @Param({"LAYER_NORM", "RMS_NORM", "SILU", "SOFTMAX", "CROSS_ENTROPY"})
  public Kind function;

  /** rows × columns: activations of a small encoder, and logits of a vocabulary. */
  @Param({"128x384", "16x30522"})
  public String shape;

  /** The functions of {@link BackwardKernels}. */
  public enum Kind {
    /** {@link BackwardKernels#layerNorm}, without parameters. */
    LAYER_NORM,
    /** {@link BackwardKernels#rmsNorm}, without parameters. */
    RMS_NORM,
    /** {@link BackwardKernels#activation} of {@link Activation#SILU}. */
    SILU,
    /** {@link BackwardKernels#softmax}. */
    SOFTMAX,
    /** {@link BackwardKernels#crossEntropy}, without label smoothing. */
    CROSS_ENTROPY
  }

  @Override
  protected Task prepare() {
    int[] sizes = Inputs.sizes(shape);
    Matrix x = Inputs.matrix(sizes[0], sizes[1], 2, 1);
    Matrix dy = Inputs.matrix(sizes[0], sizes[1], 2);
    Matrix dx = Matrix.zeros(sizes[0], sizes[1]);
    int[] targets = new int[sizes[0]];
    return new Task(
        kernels -> {
          BackwardKernels backward = kernels.backward();
          switch (function) {
            case LAYER_NORM -> backward.layerNorm(x, null, EPSILON, dy, dx, null, null);
            case RMS_NORM -> backward.rmsNorm(x, null, EPSILON, dy, dx, null);
            case SILU -> backward.activation(Activation.SILU, x, dy, dx);
            case SOFTMAX -> backward.softmax(x, dy, dx);
            case CROSS_ENTROPY -> backward.crossEntropy(x, targets, -1, 0, 1, dx);
          }
          return dx.data();
        },
        0,
        bytes(x.data(), dy.data(), dx.data()),
        () -> reference(x, dy));
  }

  private double[] reference(Matrix x, Matrix dy) {
    double[] result = new double[x.rows() * x.columns()];
    for (int row = 0; row < x.rows(); row++) {
      int r = row;
      IntToDoubleFunction gradient = gradient(x.columns(), i -> x.get(r, i), i -> dy.get(r, i));
      for (int i = 0; i < x.columns(); i++) {
        result[row * x.columns() + i] = gradient.applyAsDouble(i);
      }
    }
    return result;
  }

  /** The gradient of one row, in double. */
  private IntToDoubleFunction gradient(int n, IntToDoubleFunction x, IntToDoubleFunction dy) {
    return switch (function) {
      case LAYER_NORM, RMS_NORM -> {
        boolean centred = function == Kind.LAYER_NORM;
        double mean = centred ? sum(n, x) / n : 0;
        double scale = 1 / Math.sqrt(sum(n, i -> Math.pow(x.applyAsDouble(i) - mean, 2)) / n + EPSILON);
        IntToDoubleFunction normalised = i -> (x.applyAsDouble(i) - mean) * scale;
        double shift = centred ? sum(n, dy) / n : 0;
        double dot = sum(n, i -> dy.applyAsDouble(i) * normalised.applyAsDouble(i)) / n;
        yield i -> scale * (dy.applyAsDouble(i) - shift - normalised.applyAsDouble(i) * dot);
      }
      case SILU ->
          i -> {
            double s = 1 / (1 + Math.exp(-x.applyAsDouble(i)));
            return dy.applyAsDouble(i) * s * (1 + x.applyAsDouble(i) * (1 - s));
          };
      case SOFTMAX -> {
        double dot = sum(n, i -> x.applyAsDouble(i) * dy.applyAsDouble(i));
        yield i -> x.applyAsDouble(i) * (dy.applyAsDouble(i) - dot);
      }
      case CROSS_ENTROPY -> {
        double sum = sum(n, i -> Math.exp(x.applyAsDouble(i)));
        yield i -> Math.exp(x.applyAsDouble(i)) / sum - (i == 0 ? 1 : 0);
      }
    };
  }

  private static double sum(int n, IntToDoubleFunction term) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += term.applyAsDouble(i);
    }
    return sum;
  }
}
