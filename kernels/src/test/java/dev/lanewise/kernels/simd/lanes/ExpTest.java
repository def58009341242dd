package dev.lanewise.kernels.simd.lanes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.Shape;
import dev.lanewise.kernels.testing.UlpSweep;
import dev.lanewise.testing.Sample;
import java.lang.System.Logger.Level;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExpTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final double LN2 = Math.log(2);

  private static final int STEP = Sample.extent() == Sample.Extent.THOROUGH ? 997 : 2999;

  @ParameterizedTest
  @MethodSource(PATHS)
  void expStaysWithinTwoUlpOverTheWholeRange(Kernels kernels) {
    UlpSweep sweep = new UlpSweep(kernels::exp, Math::exp);
    sweep.addPatterns(STEP);
    for (int exponent = -152; exponent <= 130; exponent++) {
      // an integral power of two, and halfway to the next, where the range reduction rounds the other way
      sweep.addAround(exponent * LN2, 300);
      sweep.addAround((exponent + 0.5) * LN2, 300);
    }
    for (int i = -100_000; i <= 100_000; i++) {
      sweep.add(i * 1e-8f);
      sweep.add(i * 1e-5f);
    }
    sweep.addAll(0f, 1e-40f);
    sweep.addAll(-0f, -1e-40f);
    sweep.addAll(87.5f, 89.5f);
    sweep.addAll(-87f, -105f);
    System.getLogger("dev.lanewise.kernels").log(Level.INFO, "exp on " + kernels.path() + ": " + sweep);
    assertThat(sweep.maxUlp()).as(sweep.toString()).isLessThanOrEqualTo(2);
    assertThat(sweep.maxDenormalUlp()).as(sweep.toString()).isLessThanOrEqualTo(1);
    assertThat(sweep.arguments()).isGreaterThan((1L << 32) / STEP + 2_000_000);
  }

  /** Each argument is tested in every lane and every tail, beside a neighbour that must not change. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void specialArgumentsGiveExactResultsInEveryLane(Kernels kernels) {
    float[][] specials = {
      {Float.NaN, Float.NaN},
      {Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY},
      {Float.NEGATIVE_INFINITY, 0},
      {0f, 1},
      {-0f, 1},
      {Float.MIN_VALUE, 1},
      {-Float.MIN_VALUE, 1},
      {Float.MAX_VALUE, Float.POSITIVE_INFINITY},
      {-Float.MAX_VALUE, 0},
      {89, Float.POSITIVE_INFINITY},
      {88.73f, Float.POSITIVE_INFINITY},
      {1e10f, Float.POSITIVE_INFINITY},
      {-104, 0},
      {-1e10f, 0}
    };
    float neighbour = single(kernels, 1);
    for (float[] special : specials) {
      for (int length = 1; length <= 35; length++) {
        for (int at = 0; at < length; at++) {
          Matrix x = Layout.FRAMED.blank(1, length);
          for (int i = 0; i < length; i++) {
            x.data()[x.index(0, i)] = i == at ? special[0] : 1;
          }
          Matrix result = Layout.FRAMED.blank(1, length);
          kernels.exp(x, result);
          for (int i = 0; i < length; i++) {
            float expected = i == at ? special[1] : neighbour;
            if (Float.compare(result.get(0, i), expected) != 0) {
              assertThat(result.get(0, i)).as("exp(%s) at %d of %d, element %d", special[0], at, length, i).isEqualTo(expected);
            }
          }
          Layout.assertFrameIntact("exp(" + special[0] + ")", result);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void bitsAreTheSameInPlaceAloneAndInAnyRow(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      Matrix x = shape.layout().random(shape.rows(), shape.columns(), shape.random());
      Matrix result = exp(kernels, x, shape.layout().next());
      Layout.assertFrameIntact(shape, result);
      Comparisons.assertRowsStandAlone(shape, (from, to) -> exp(kernels, x.rows(from, to), shape.layout()));
      for (int row = 0; row < shape.rows(); row++) {
        for (int column = 0; column < shape.columns(); column++) {
          assertThat(result.get(row, column)).as("%s: exp(%s)", shape, x.get(row, column)).isEqualTo(single(kernels, x.get(row, column)));
        }
      }
      kernels.exp(x, x);
      Comparisons.assertSameBits(shape + " in place", result, x);
      Layout.assertFrameIntact(shape, x);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void anEmptyRowMayHaveAnyOffset(Kernels kernels) {
    Matrix empty = new Matrix(new float[0], 1000, 5, 0, Integer.MAX_VALUE);
    kernels.exp(empty, empty);
  }

  private static float single(Kernels kernels, float x) {
    return exp(kernels, Matrix.of(new float[] {x}, 1, 1), Layout.TIGHT).get(0, 0);
  }

  private static Matrix exp(Kernels kernels, Matrix x, Layout layout) {
    Matrix result = layout.blank(x.rows(), x.columns());
    kernels.exp(x, result);
    return result;
  }
}
