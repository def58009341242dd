package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.plain.ScalarActivations;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import dev.lanewise.kernels.testing.UlpSweep;
import dev.lanewise.testing.Sample;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ActivationTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  /** Step through all 2³² bit patterns; it is odd, so that every combination of low bits occurs. */
  private static final int STEP = Sample.extent() == Sample.Extent.THOROUGH ? 997 : 2999;

  @ParameterizedTest
  @MethodSource(PATHS)
  void tanhStaysWithinThreeUlpOverTheWholeRange(Kernels kernels) {
    UlpSweep sweep = new UlpSweep(kernel(kernels, Activation.TANH), Math::tanh);
    sweep.addPatterns(STEP);
    addNearZero(sweep);
    sweep.addAll(9f, 9.1f);
    sweep.addAll(-9f, -9.1f);
    log(kernels, "tanh", sweep);
    assertThat(sweep.maxUlp()).as(sweep.toString()).isLessThanOrEqualTo(3);
    assertThat(sweep.maxDenormalUlp()).as(sweep.toString()).isLessThanOrEqualTo(1);
  }

  /** Tests the plain Java path; the SIMD path has no erf. */
  @Test
  void erfStaysWithinOneUlpOverTheWholeRange() {
    UlpSweep sweep = new UlpSweep(ActivationTest::erf, PlainKernels::erf);
    sweep.addPatterns(STEP);
    addNearZero(sweep);
    sweep.addAll(3.9f, 3.96f);
    sweep.addAll(-3.9f, -3.96f);
    sweep.addAll(4.09f, 4.11f);
    log(Kernels.scalar(), "erf", sweep);
    assertThat(sweep.maxUlp()).as(sweep.toString()).isLessThanOrEqualTo(1);
    assertThat(sweep.maxDenormalUlp()).as(sweep.toString()).isLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void sigmoidAndSiluStayWithinThreeUlpDownToTheEdgeOfNormalResults(Kernels kernels) {
    for (Activation activation : new Activation[] {Activation.SIGMOID, Activation.SILU}) {
      UlpSweep sweep = new UlpSweep(kernel(kernels, activation), x -> PlainKernels.activation(activation, x));
      sweep.addAll(0f, 1e-40f);
      for (int bits = 0; bits < Float.floatToRawIntBits(INFINITY); bits += STEP) {
        float x = Float.intBitsToFloat(bits);
        sweep.add(x);
        sweep.add(-Math.min(x, 87.3f));
      }
      sweep.addAll(-87.2f, -87.3f);
      log(kernels, activation.toString(), sweep);
      assertThat(sweep.maxUlp()).as(sweep.toString()).isLessThanOrEqualTo(3);
      assertThat(sweep.maxDenormalUlp()).as(sweep.toString()).isLessThanOrEqualTo(1);
    }
  }

  /** On the SIMD path the exponential overflows for some of these arguments. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void belowTheNormalResultsSigmoidAndSiluFallToZero(Kernels kernels) {
    for (float x = -87.3f; x > -2000; x = Math.nextDown(x) - 0.01f) {
      assertThat(single(kernels, Activation.SIGMOID, x)).as("sigmoid(%s)", x).isBetween(0f, 1.3e-38f);
      assertThat(single(kernels, Activation.SILU, x)).as("silu(%s)", x).isBetween(-1.1e-36f, -0f);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void geluStaysWithinItsAbsoluteError(Kernels kernels) {
    for (Activation activation : new Activation[] {Activation.GELU, Activation.GELU_TANH}) {
      double worst = 0;
      Matrix x = Matrix.zeros(1, 200_001);
      for (float limit : new float[] {0.1f, 1, 8, 60, 1e4f}) {
        for (int i = 0; i < x.columns(); i++) {
          x.data()[i] = (i - x.columns() / 2) * (2 * limit / x.columns());
        }
        Matrix result = apply(kernels, activation, x, Layout.TIGHT);
        for (int i = 0; i < x.columns(); i++) {
          double error = Math.abs(result.data()[i] - PlainKernels.activation(activation, x.data()[i]));
          worst = Math.max(worst, error / Math.max(1, Math.abs(x.data()[i])));
        }
      }
      log(kernels, activation.toString(), worst + " of max(1, |x|)");
      assertThat(worst).as("%s on %s", activation, kernels.path()).isLessThanOrEqualTo(2e-7);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void tanhAndErfAreOddAndNeverBeyondOne(Kernels kernels) {
    Matrix x = Matrix.zeros(1, 4096);
    Matrix minus = Matrix.zeros(1, 4096);
    for (BiConsumer<Matrix, Matrix> function : List.of(kernel(kernels, Activation.TANH), ActivationTest::erf)) {
      Matrix result = Matrix.zeros(1, 4096);
      Matrix mirrored = Matrix.zeros(1, 4096);
      for (long first = 0; first < Float.floatToRawIntBits(INFINITY); first += 4096L * STEP) {
        for (int i = 0; i < 4096; i++) {
          x.data()[i] = Float.intBitsToFloat((int) Math.min(first + (long) i * STEP, 0x7f7fffff));
          minus.data()[i] = -x.data()[i];
        }
        function.accept(x, result);
        function.accept(minus, mirrored);
        for (int i = 0; i < 4096; i++) {
          float y = result.data()[i];
          if (Float.compare(-y, mirrored.data()[i]) != 0 || !(y >= 0 && y <= 1)) {
            fail("f(%s) is %s, and at the negative %s", x.data()[i], y, mirrored.data()[i]);
          }
        }
      }
    }
  }

  /**
   * Each argument is tested in every lane and every tail, beside a neighbour that must not change. isEqualTo is not used, because it treats
   * −0 as 0.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void specialArgumentsGiveExactResultsInEveryLane(Kernels kernels) {
    float[] arguments = {Float.NaN, INFINITY, -INFINITY, 0f, -0f, Float.MAX_VALUE, -Float.MAX_VALUE, 1e20f, -1e20f};
    for (Activation activation : Activation.values()) {
      float neighbour = single(kernels, activation, 1);
      float[] results = specialResults(activation);
      for (int special = 0; special < arguments.length; special++) {
        for (int length = 1; length <= 35; length++) {
          for (int at = 0; at < length; at++) {
            Matrix x = Layout.FRAMED.blank(1, length);
            for (int i = 0; i < length; i++) {
              x.data()[x.index(0, i)] = i == at ? arguments[special] : 1;
            }
            Matrix result = apply(kernels, activation, x, Layout.FRAMED);
            for (int i = 0; i < length; i++) {
              float expected = i == at ? results[special] : neighbour;
              if (Float.compare(result.get(0, i), expected) != 0) {
                fail(
                    "%s of %s at %d of %d: element %d is %s, not %s",
                    activation, arguments[special], at, length, i, result.get(0, i), expected);
              }
            }
            Layout.assertFrameIntact(activation, result);
          }
        }
      }
    }
  }

  /** Exact results at NaN, ±∞, ±0, ± the largest float and ±1e20. */
  private static float[] specialResults(Activation activation) {
    float max = Float.MAX_VALUE;
    return switch (activation) {
      case NONE -> new float[] {Float.NaN, INFINITY, -INFINITY, 0f, -0f, max, -max, 1e20f, -1e20f};
      case RELU -> new float[] {Float.NaN, INFINITY, 0f, 0f, -0f, max, 0f, 1e20f, 0f};
      case GELU, GELU_TANH, SILU -> new float[] {Float.NaN, INFINITY, -0f, 0f, -0f, max, -0f, 1e20f, -0f};
      case TANH -> new float[] {Float.NaN, 1, -1, 0f, -0f, 1, -1, 1, -1};
      case SIGMOID -> new float[] {Float.NaN, 1, 0f, 0.5f, 0.5f, 1, 0f, 1, 0f};
    };
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void bitsAreTheSameInPlaceAloneAndInAnyRow(Kernels kernels) {
    for (Activation activation : Activation.values()) {
      for (Shape shape : Shape.ofRows()) {
        String what = activation + " " + shape;
        Matrix x = shape.layout().random(shape.rows(), shape.columns(), shape.random());
        Matrix before = Layout.TIGHT.copyOf(x);
        Matrix result = apply(kernels, activation, x, shape.layout().next());
        Layout.assertFrameIntact(what, result);
        Comparisons.assertSameBits(what + " argument", before, x);
        Comparisons.assertRowsStandAlone(shape, (from, to) -> apply(kernels, activation, x.rows(from, to), shape.layout()));
        for (int row = 0; row < shape.rows(); row++) {
          for (int column = 0; column < shape.columns(); column++) {
            float alone = single(kernels, activation, x.get(row, column));
            if (result.get(row, column) != alone) {
              assertThat(result.get(row, column)).as("%s of %s", what, x.get(row, column)).isEqualTo(alone);
            }
            double error = alone - PlainKernels.activation(activation, x.get(row, column));
            assertThat(Math.abs(error))
                .as("%s of %s", what, x.get(row, column))
                .isLessThanOrEqualTo(4e-7 * Math.max(1, x.get(row, column)));
          }
        }
        kernels.activate(activation, x, x);
        Comparisons.assertSameBits(what + " in place", result, x);
        Layout.assertFrameIntact(what, x);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void anEmptyRowMayHaveAnyOffset(Kernels kernels) {
    Matrix empty = new Matrix(new float[0], 1000, 5, 0, Integer.MAX_VALUE);
    kernels.activate(Activation.GELU, empty, empty);
  }

  private static void addNearZero(UlpSweep sweep) {
    sweep.addAll(0f, 1e-40f);
    sweep.addAll(-0f, -1e-40f);
    for (int i = 0; i <= 500_000; i++) {
      sweep.add(i * 4e-6f);
    }
  }

  private static BiConsumer<Matrix, Matrix> kernel(Kernels kernels, Activation activation) {
    return (x, result) -> kernels.activate(activation, x, result);
  }

  private static void erf(Matrix x, Matrix result) {
    for (int i = 0; i < x.columns(); i++) {
      result.data()[i] = (float) ScalarActivations.erf(x.data()[i]);
    }
  }

  private static void log(Kernels kernels, String function, Object figures) {
    System.getLogger("dev.lanewise.kernels").log(Level.INFO, function + " on " + kernels.path() + ": " + figures);
  }

  private static float single(Kernels kernels, Activation activation, float x) {
    return apply(kernels, activation, Matrix.of(new float[] {x}, 1, 1), Layout.TIGHT).get(0, 0);
  }

  private static Matrix apply(Kernels kernels, Activation activation, Matrix x, Layout layout) {
    Matrix result = layout.blank(x.rows(), x.columns());
    kernels.activate(activation, x, result);
    return result;
  }
}
