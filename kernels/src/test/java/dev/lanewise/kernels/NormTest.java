package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NormTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final long SEED = 20261121;
  private static final float EPSILON = 1e-5f;

  /** Widths around one, two and four vectors of every lane count, and widths of models. */
  private static final int[] WIDTHS = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 80, 127, 129, 384, 768, 1000, 4096
  };

  private static final int LONGEST = 70;

  @ParameterizedTest
  @MethodSource(PATHS)
  void normsStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    for (int width : WIDTHS) {
      for (Layout layout : Layout.values()) {
        for (Norm norm : Norm.variants(width)) {
          String what = norm + " " + layout;
          Matrix x = layout.random(5, width, random(width));
          Matrix before = Layout.TIGHT.copyOf(x);
          Matrix result = norm.apply(kernels, x, layout.next());
          Comparisons.assertWithinBudget(what, norm.reference(x), norm.plain(x), result);
          Layout.assertFrameIntact(what, result);
          Comparisons.assertSameBits(what + " argument", before, x);
        }
      }
    }
  }

  /**
   * The mean is a million times the deviation: neither its rounding error nor that of its sum may affect the result. Floats near 1e4 are
   * 1e-3 apart.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void aLargeOffsetCostsNoAccuracy(Kernels kernels) {
    for (int width : WIDTHS) {
      for (float offset : new float[] {1e4f, -1e4f, 1e7f, 3}) {
        Norm norm = new Norm(true, random(1, width), random(2, width), EPSILON);
        Matrix x = scaled(Layout.FRAMED, 4, width, 1e-6f * Math.abs(offset), offset);
        double[][] exact = norm.reference(x);
        assertError(norm + " at " + offset, exact, norm.apply(kernels, x, Layout.TIGHT), 1e-6 * largest(exact));
      }
    }
  }

  /**
   * Squares of the first magnitude overflow in float, those of the last but one underflow, and the last is denormal itself. Denormal
   * results have rounding errors, so plain float code sets their budget; for all others the error is at most 1e-6 of the largest value.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void everyMagnitudeHasItsNorm(Kernels kernels) {
    for (int width : WIDTHS) {
      for (float scale : new float[] {1e37f, 1e25f, 1e17f, 1e15f, 1e-10f, 1e-14f, 1e-16f, 1e-25f, 1e-37f, 1e-42f}) {
        for (float epsilon : new float[] {0, 1e-12f, EPSILON, 1e30f}) {
          for (boolean centred : new boolean[] {true, false}) {
            Norm norm = new Norm(centred, random(1, width), null, epsilon);
            Matrix x = scaled(Layout.FRAMED, 2, width, scale, 0);
            if (width > 1) { // one element has no variance
              String what = norm + " of " + scale;
              double[][] exact = norm.reference(x);
              Matrix result = norm.apply(kernels, x, Layout.TIGHT);
              if (largest(exact) < Float.MIN_NORMAL) {
                Comparisons.assertWithinBudget(what, exact, norm.plain(x), result);
              } else { // plain float code may overflow here
                assertError(what, exact, result, 1e-6 * largest(exact));
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void equalElementsGiveTheBias(Kernels kernels) {
    for (int width : WIDTHS) {
      for (float value : new float[] {0, 0.1f, -3, 1e4f, 12345.678f}) {
        Norm norm = new Norm(true, random(1, width), random(2, width), EPSILON);
        Matrix x = scaled(Layout.TIGHT, 2, width, 0, value);
        assertError(norm + " of " + value, norm.reference(x), norm.apply(kernels, x, Layout.TIGHT), 1e-5);
        Matrix withoutEpsilon = new Norm(true, null, null, 0).apply(kernels, scaled(Layout.TIGHT, 1, width, 0, 2), Layout.TIGHT);
        assertThat(withoutEpsilon.get(0, 0)).isNaN();
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aRowHasTheSameBitsInPlaceAloneAndInAnyLayout(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      for (Norm norm : Norm.variants(shape.columns())) {
        Matrix x = shape.layout().random(shape.rows(), shape.columns(), shape.random());
        Matrix result = norm.apply(kernels, x, shape.layout());
        Comparisons.assertRowsStandAlone(shape, (from, to) -> norm.apply(kernels, x.rows(from, to), shape.layout()));
        Matrix other = shape.layout().next().copyOf(x);
        norm.apply(kernels, other, other);
        Comparisons.assertSameBits(shape + " in place", result, other);
        Layout.assertFrameIntact(shape + " in place", other);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nanAndInfinityStayInTheirRow(Kernels kernels) {
    for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (int width = 1; width <= LONGEST; width++) {
        for (int at = 0; at < width; at++) {
          for (boolean centred : new boolean[] {true, false}) {
            Norm norm = new Norm(centred, null, null, EPSILON);
            Matrix x = Layout.FRAMED.random(3, width, random(width));
            Matrix clean = norm.apply(kernels, x, Layout.FRAMED);
            x.data()[x.index(1, at)] = poison;
            Matrix result = norm.apply(kernels, x, Layout.FRAMED);
            String what = norm + ": " + poison + " at " + at;
            Comparisons.assertSameBits(what, clean.rows(0, 1), result.rows(0, 1));
            Comparisons.assertSameBits(what, clean.rows(2, 3), result.rows(2, 3));
            for (int column = 0; column < width; column++) {
              float y = result.get(1, column);
              boolean right = (centred || Float.isNaN(poison) || column == at) ? Float.isNaN(y) : y == 0;
              if (!right) {
                fail("%s: element %d is %s", what, column, y);
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void theNormOfASumIsTheNormOfTheRoundedSumWhereverItIsWritten(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      for (Norm norm : Norm.variants(shape.columns())) {
        Layout layout = shape.layout();
        RandomGenerator random = shape.random();
        Matrix x = layout.random(shape.rows(), shape.columns(), random);
        Matrix residual = layout.next().random(shape.rows(), shape.columns(), random);
        Matrix sum = layout.blank(shape.rows(), shape.columns());
        for (int row = 0; row < shape.rows(); row++) {
          for (int column = 0; column < shape.columns(); column++) {
            sum.data()[sum.index(row, column)] = x.get(row, column) + residual.get(row, column);
          }
        }
        Matrix result = norm.apply(kernels, sum, layout);
        // x, residual, sum and result are 0 to 3; each row says which of them sum and result are
        for (int[] place : new int[][] {{2, 3}, {0, 3}, {1, 3}, {2, 2}, {2, 0}, {2, 1}, {0, 0}, {0, 1}, {1, 0}, {1, 1}}) {
          Matrix blank = layout.next().blank(shape.rows(), shape.columns());
          Matrix[] all = {layout.copyOf(x), layout.next().copyOf(residual), blank, layout.blank(shape.rows(), shape.columns())};
          norm.applyToSum(kernels, all[0], all[1], all[place[0]], all[place[1]]);
          String what = "%s %s, sum on %d, result on %d".formatted(shape, norm, place[0], place[1]);
          Comparisons.assertSameBits(what, result, all[place[1]]);
          if (place[0] != place[1]) {
            Comparisons.assertSameBits(what, sum, all[place[0]]);
          }
          for (Matrix matrix : all) {
            Layout.assertFrameIntact(what, matrix);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void anEmptyRowMayHaveAnyOffsetAndOneRowMayRepeat(Kernels kernels) {
    Matrix empty = new Matrix(new float[0], 1000, 5, 0, Integer.MAX_VALUE);
    kernels.layerNorm(empty, new float[0], null, 0, empty);
    kernels.addRmsNorm(empty, empty, empty, null, 0, empty);
    Matrix row = Layout.TIGHT.random(1, 19, random(19));
    Matrix repeated = new Matrix(row.data(), 0, 3, 19, 0);
    for (Norm norm : Norm.variants(19)) {
      Matrix result = norm.apply(kernels, repeated, Layout.FRAMED);
      Comparisons.assertSameBits(norm, norm.apply(kernels, row, Layout.TIGHT), result.rows(2, 3));
    }
  }

  private static void assertError(Object what, double[][] exact, Matrix actual, double tolerance) {
    for (int row = 0; row < actual.rows(); row++) {
      for (int column = 0; column < actual.columns(); column++) {
        if (!(Math.abs(actual.get(row, column) - exact[row][column]) <= tolerance)) {
          fail("%s: element (%d, %d) is %s instead of %s", what, row, column, actual.get(row, column), exact[row][column]);
        }
      }
    }
  }

  private static double largest(double[][] values) {
    double largest = 0;
    for (double[] row : values) {
      for (double value : row) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    return largest;
  }

  private static Matrix scaled(Layout layout, int rows, int width, float scale, float offset) {
    Matrix x = layout.random(rows, width, random(width));
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < width; column++) {
        x.data()[x.index(row, column)] = x.get(row, column) * scale + offset;
      }
    }
    return x;
  }

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(SEED + seed);
  }

  private static float[] random(int seed, int width) {
    return Layout.TIGHT.random(1, width, random(100_000L * seed + width)).data();
  }

  /** Layer norm or RMS norm with its parameters. */
  private record Norm(boolean centred, float @Nullable [] weight, float @Nullable [] bias, float epsilon) {
    static Norm[] variants(int width) {
      float[] weight = random(1, width);
      float[] bias = random(2, width);
      return new Norm[] {
        new Norm(true, null, null, EPSILON),
        new Norm(true, weight, null, EPSILON),
        new Norm(true, null, bias, EPSILON),
        new Norm(true, weight, bias, 1e-12f),
        new Norm(false, null, null, EPSILON),
        new Norm(false, weight, null, 1e-6f)
      };
    }

    Matrix apply(Kernels kernels, Matrix x, Layout layout) {
      Matrix result = layout.blank(x.rows(), x.columns());
      apply(kernels, x, result);
      return result;
    }

    void apply(Kernels kernels, Matrix x, Matrix result) {
      if (centred) {
        kernels.layerNorm(x, weight, bias, epsilon, result);
      } else {
        kernels.rmsNorm(x, weight, epsilon, result);
      }
    }

    void applyToSum(Kernels kernels, Matrix x, Matrix residual, Matrix sum, Matrix result) {
      if (centred) {
        kernels.addLayerNorm(x, residual, sum, weight, bias, epsilon, result);
      } else {
        kernels.addRmsNorm(x, residual, sum, weight, epsilon, result);
      }
    }

    double[][] reference(Matrix x) {
      return PlainKernels.DOUBLE.norm(x, centred, weight, bias, epsilon);
    }

    double[][] plain(Matrix x) {
      return PlainKernels.FLOAT.norm(x, centred, weight, bias, epsilon);
    }

    @Override
    public String toString() {
      String parameters = (weight == null ? "" : ", weight") + (bias == null ? "" : ", bias");
      return (centred ? "layer norm" : "RMS norm") + parameters + ", epsilon " + epsilon;
    }
  }
}
