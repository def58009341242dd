package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sums of 2<sup>20</sup> equal terms are precise, where one chain of floats would lose up to a tenth of the value. */
class LongSumsTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final int MANY = 1 << 20;
  private static final float[] VALUES = {0.1f, 1 / 3f};

  /** Numbers of terms on both sides of each change of the summation. */
  private static final int[] COUNTS = {(1 << 15) + 1, 65536, MANY + 3};

  private static float[] filled(int length, float value) {
    float[] filled = new float[length];
    Arrays.fill(filled, value);
    return filled;
  }

  private static void assertClose(String what, double expected, float[] actual) {
    for (float x : actual) {
      assertThat(Math.abs(x - expected)).as("%s: %s for %s", what, x, expected).isLessThanOrEqualTo(1e-6 * Math.abs(expected));
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void longProductsArePrecise(Kernels kernels) {
    for (int depth : COUNTS) {
      for (float value : VALUES) {
        for (int rows : new int[] {1, 3, 41}) { // few rows, and whole strips with some rows left
          if (rows > 1 && depth > MANY) {
            continue;
          }
          Matrix ones = Matrix.of(filled(rows * depth, 1), rows, depth);
          Matrix values = Matrix.of(filled(depth * 2, value), depth, 2);
          Matrix result = Matrix.zeros(rows, 2);
          String what = rows + " x " + depth + " of " + value;
          kernels.output(ones, values, result);
          assertClose("output " + what, (double) depth * value, result.data());
          kernels.scores(ones, Matrix.of(values.data(), 2, depth), 0.5f, result);
          assertClose("scores " + what, 0.5 * depth * value, result.data());
          kernels.product(ones, kernels.pack(values), new float[] {7, 7}, Activation.RELU, result);
          assertClose("product " + what, (double) depth * value + 7, result.data());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void longAdditiveScoresArePrecise(Kernels kernels) {
    float[] vector = filled(MANY, 0.1f);
    Matrix result = Matrix.zeros(1, 1);
    kernels.additiveScores(Matrix.of(filled(MANY, 0.25f), 1, MANY), Matrix.of(filled(MANY, 0.5f), 1, MANY), vector, result);
    assertClose("additive scores", MANY * (double) 0.1f * Math.tanh(0.75), result.data());
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void longSoftmaxIsPrecise(Kernels kernels) {
    for (int columns : COUNTS) {
      for (float below : new float[] {0, 0.3f, 1, 2.3f}) {
        float[] scores = filled(columns, -below);
        scores[5] = 0;
        float[] weights = new float[columns];
        kernels.softmax(Matrix.of(scores, 1, columns), Matrix.of(weights, 1, columns));
        double sum = 1 + (columns - 1) * Math.exp(-below);
        assertClose("the first of " + columns, 1 / sum, new float[] {weights[5]});
        assertClose("the others of " + columns, Math.exp(-below) / sum, new float[] {weights[0], weights[columns - 1]});
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void longNormsArePrecise(Kernels kernels) {
    for (int columns : COUNTS) {
      float[] x = filled(columns, 0.1f);
      float[] result = new float[columns];
      kernels.rmsNorm(Matrix.of(x, 1, columns), null, 0, Matrix.of(result, 1, columns));
      assertClose("rms " + columns, 1, result);
      for (int i = 0; i < columns; i++) {
        x[i] = i % 4 == 0 ? 0.7f : 0.1f; // mean 0.25, deviation 0.15 √3
      }
      int whole = columns / 4 * 4;
      float[] result2 = new float[whole];
      kernels.layerNorm(Matrix.of(x, 1, whole), null, null, 0, Matrix.of(result2, 1, whole));
      assertClose("layer norm " + columns, Math.sqrt(3), new float[] {result2[0], result2[whole - 4]});
      assertClose("layer norm " + columns, -1 / Math.sqrt(3), new float[] {result2[1], result2[whole - 1]});
    }
  }
}
