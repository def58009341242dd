package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.testing.EdgeNumbers;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every formula of the kernels at the limits of the float range. Each copy of a formula is compared with the formula in double over one
 * table of arguments: the result has the same class (NaN, infinite, finite, zero) and is close to it.
 */
class KernelEdgesTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  /** The table of arguments; {@link #THRESHOLDS} adds those of single formulas. */
  static final float[] EDGES = EdgeNumbers.all();

  /** Arguments at which a formula of SIMD or plain Java changes its branch. */
  private static final float[] THRESHOLDS = {
    0.6f, 4.1f, 5.8f, 8.3747f, 9.02f, 10, 14.34f, 87.3f, 87.68f, 88, 88.03f, 88.73f, 89, 103.9f, 104
  };

  /** Fails unless {@code actual} is {@code expected}, rounded to float, up to {@code tolerance}. */
  private static void assertClose(String what, float actual, double expected, double tolerance) {
    float rounded = (float) expected;
    boolean nearTheEnd = Math.abs(expected) * (1 + 1e-6) >= Float.MAX_VALUE;
    boolean close =
        Float.compare(actual, rounded) == 0
            || (Double.isFinite(expected) && Math.abs(actual - expected) <= tolerance)
            || (nearTheEnd && Math.abs(actual) >= Float.MAX_VALUE * (1 - 1e-6f) && Math.signum(actual) == Math.signum(rounded));
    if (!close) {
      fail("%s is %s, expected %s ± %s", what, actual, expected, tolerance);
    }
  }

  private static float[] arguments() {
    float[] x = java.util.Arrays.copyOf(EDGES, EDGES.length + 6 * THRESHOLDS.length);
    int n = EDGES.length;
    for (float threshold : THRESHOLDS) {
      for (float at : new float[] {Math.nextDown(threshold), threshold, Math.nextUp(threshold)}) {
        x[n++] = at;
        x[n++] = -at;
      }
    }
    return x;
  }

  /** Each argument is tested at each position of a row that fills vectors and leaves a tail. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void functionsOfOneNumberAreCloseAtTheEdges(Kernels kernels) {
    float[] x = arguments();
    int length = 35;
    for (int first = 0; first < x.length; first++) {
      Matrix row = Matrix.zeros(1, length);
      for (int i = 0; i < length; i++) {
        row.data()[i] = x[(first + i) % x.length];
      }
      Matrix result = Matrix.zeros(1, length);
      kernels.exp(row, result);
      for (int i = 0; i < length; i++) {
        double expected = Math.exp(row.data()[i]);
        assertClose("exp(" + row.data()[i] + ")", result.data()[i], expected, 4e-7 * expected + 3e-45);
      }
      for (Activation activation : Activation.values()) {
        kernels.activate(activation, row, result);
        assertActivated(activation, row, result, 1);
        Matrix up = Matrix.zeros(1, length);
        java.util.Arrays.fill(up.data(), 0.5f);
        kernels.gate(activation, row, up, result);
        assertActivated(activation, row, result, 0.5);
      }
    }
  }

  private static void assertActivated(Activation activation, Matrix x, Matrix result, double factor) {
    for (int i = 0; i < x.columns(); i++) {
      double at = x.data()[i];
      // the limit: −∞ · 0 is NaN
      double expected = factor * (at == -INFINITY ? limit(activation) : PlainKernels.activation(activation, at));
      double tolerance =
          switch (activation) {
            case NONE, RELU -> 1e-45;
            case GELU, GELU_TANH -> 3e-7 * Math.max(1, Math.abs(at));
            case SILU -> 4e-7 * Math.abs(expected) + 1.2e-36; // becomes 0 where its exponential is not a normal number
            case TANH -> 4e-7 * Math.abs(expected) + 1e-45;
            case SIGMOID -> 4e-7 * Math.abs(expected) + 1.3e-38;
          };
      assertClose(activation + "(" + at + ")", result.data()[i], expected, Double.isFinite(expected) ? tolerance : 0);
    }
  }

  private static double limit(Activation activation) {
    return switch (activation) {
      case NONE -> Double.NEGATIVE_INFINITY;
      case RELU, SIGMOID -> 0;
      case GELU, GELU_TANH, SILU -> -0.0;
      case TANH -> -1;
    };
  }

  /** Softmax of three numbers, alone and among others with weight 0. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void softmaxOfThreeNumbersIsCloseAtTheEdges(Kernels kernels) {
    for (int columns : new int[] {3, 40, 77}) {
      Matrix scores = Matrix.zeros(1, columns);
      Matrix weights = Matrix.zeros(1, columns);
      for (float x : EDGES) {
        for (float y : EDGES) {
          for (float z : EDGES) {
            java.util.Arrays.fill(scores.data(), -INFINITY);
            scores.data()[0] = x;
            scores.data()[columns / 2] = y;
            scores.data()[columns - 1] = z;
            kernels.softmax(scores, weights);
            double max = Math.max(x, Math.max(y, z));
            double sum = Math.exp(x - max) + Math.exp(y - max) + Math.exp(z - max);
            boolean none = max == -INFINITY;
            String what = "softmax(" + x + ", " + y + ", " + z + ") of " + columns;
            assertClose(what, weights.data()[0], none ? 0 : Math.exp(x - max) / sum, 1e-6);
            assertClose(what, weights.data()[columns / 2], none ? 0 : Math.exp(y - max) / sum, 1e-6);
            assertClose(what, weights.data()[columns - 1], none ? 0 : Math.exp(z - max) / sum, 1e-6);
          }
        }
      }
    }
  }

  /**
   * The budget is twice the error of plain float code; where plain float code overflows, any result passes. Operands are scaled first, so
   * that one may underflow before it is multiplied by an infinity.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void scoresOfEveryScaleStayWithinTheBudget(Kernels kernels) {
    float[] scales = {0, Float.MIN_VALUE, 1e-39f, 1e-20f, 0.35f, 1, -1, 1.5f, -7, 1e10f, 3e38f};
    Matrix query = Matrix.of(EDGES, EDGES.length, 1);
    Matrix scores = Matrix.zeros(EDGES.length, EDGES.length);
    for (float scale : scales) {
      kernels.scores(query, query, scale, scores);
      for (int i = 0; i < EDGES.length; i++) {
        for (int j = 0; j < EDGES.length; j++) {
          double expected = (double) scale * ((double) EDGES[i] * EDGES[j]);
          float plain = EDGES[i] * EDGES[j] * scale;
          double lost = Float.MIN_VALUE * ((double) Math.abs(EDGES[i]) + Math.abs(EDGES[j]) + Math.abs(scale));
          boolean vanishes = Math.abs(scale) < 1 && Math.min(Math.abs(EDGES[i]), Math.abs(EDGES[j])) * Math.abs(scale) < Float.MIN_NORMAL;
          if (Float.isFinite(plain) || (!Double.isFinite(expected) && !vanishes)) {
            double tolerance = 1e-6 * Math.abs(expected) + 2 * Math.abs(plain - expected) + lost;
            String what = scale + " * " + EDGES[i] + " * " + EDGES[j];
            assertClose(what, scores.get(i, j), expected, Double.isFinite(tolerance) ? tolerance : 0);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void additiveScoresAreCloseAtTheEdges(Kernels kernels) {
    Matrix query = Matrix.of(EDGES, EDGES.length, 1);
    Matrix scores = Matrix.zeros(EDGES.length, EDGES.length);
    for (float vector : EDGES) {
      kernels.additiveScores(query, query, new float[] {vector}, scores);
      for (int i = 0; i < EDGES.length; i++) {
        for (int j = 0; j < EDGES.length; j++) {
          double expected = vector * Math.tanh((double) EDGES[i] + EDGES[j]);
          double tolerance = 1e-6 * Math.abs(expected) + 2 * Float.MIN_VALUE * (1.0 + Math.abs(vector));
          String what = vector + " * tanh(" + EDGES[i] + " + " + EDGES[j] + ")";
          assertClose(what, scores.get(i, j), expected, Double.isFinite(expected) ? tolerance : 0);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void normsOfTwoNumbersAreCloseAtTheEdges(Kernels kernels) {
    for (float epsilon : new float[] {0, 1e-5f, 1}) {
      for (float x : EDGES) {
        for (float y : EDGES) {
          for (int pairs : new int[] {1, 16}) {
            Matrix row = Matrix.zeros(1, 2 * pairs);
            for (int i = 0; i < 2 * pairs; i++) {
              row.data()[i] = i % 2 == 0 ? x : y;
            }
            Matrix result = Matrix.zeros(1, 2 * pairs);
            kernels.layerNorm(row, null, null, epsilon, result);
            assertNorm("layer norm", row, result, PlainKernels.DOUBLE.norm(row, true, null, null, epsilon), epsilon);
            kernels.rmsNorm(row, null, epsilon, result);
            assertNorm("RMS norm", row, result, PlainKernels.DOUBLE.norm(row, false, null, null, epsilon), epsilon);
          }
        }
      }
    }
  }

  private static void assertNorm(String what, Matrix row, Matrix result, double[][] expected, float epsilon) {
    for (int i = 0; i < row.columns(); i++) {
      double tolerance = 2e-6 * Math.abs(expected[0][i]) + 1e-38;
      String text = what + " of (" + row.data()[0] + ", " + row.data()[1] + ") * " + row.columns() / 2 + " with epsilon " + epsilon;
      assertClose(text, result.data()[i], expected[0][i], Double.isFinite(tolerance) ? tolerance : 0);
    }
  }
}
