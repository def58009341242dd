package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Heads.Axis;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.HeadsLayout;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The logarithm of the softmax, and both along every axis of a view. */
class LogSoftmaxTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final int LONGEST = 35;

  private static Matrix logSoftmax(Kernels kernels, Matrix x, Layout layout) {
    Matrix result = layout.blank(x.rows(), x.columns());
    kernels.logSoftmax(x, result);
    return result;
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void logarithmsStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    for (Shape shape : SoftmaxTest.shapes()) {
      Matrix x = SoftmaxTest.randomScores(shape);
      Matrix result = logSoftmax(kernels, x, shape.layout().next());
      for (int row = 0; row < shape.rows(); row++) {
        // row by row, because the rows have ranges of their own
        Matrix one = x.rows(row, row + 1);
        double[][] exact = PlainKernels.DOUBLE.logSoftmax(one);
        Comparisons.assertWithinBudget(shape, exact, PlainKernels.FLOAT.logSoftmax(one), result.rows(row, row + 1));
      }
      Layout.assertFrameIntact(shape, result);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void bitsAreTheSameInPlaceAndWhateverSurroundsThem(Kernels kernels) {
    for (Shape shape : SoftmaxTest.shapes()) {
      Matrix x = SoftmaxTest.randomScores(shape);
      Matrix result = logSoftmax(kernels, x, shape.layout());
      Matrix inPlace = shape.layout().next().copyOf(x);
      kernels.logSoftmax(inPlace, inPlace);
      Comparisons.assertSameBits(shape + " in place", result, inPlace);
      Layout.assertFrameIntact(shape, inPlace);
      if (shape.rows() < 100) {
        Comparisons.assertRowsStandAlone(shape, (from, to) -> logSoftmax(kernels, x.rows(from, to), shape.layout()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void minusInfinityStaysAndTheOthersAreAsWithoutIt(Kernels kernels) {
    for (int length = 1; length <= LONGEST; length++) {
      for (int masked = 0; masked < length; masked++) {
        Matrix x = Layout.FRAMED.random(2, length, Shape.ofRows().getFirst().random());
        SoftmaxTest.fillRow(x, 1, Float.NEGATIVE_INFINITY);
        x.data()[x.index(0, masked)] = Float.NEGATIVE_INFINITY;
        Matrix result = logSoftmax(kernels, x, Layout.FRAMED);
        double[][] exact = PlainKernels.DOUBLE.logSoftmax(x);
        for (int i = 0; i < length; i++) {
          assertThat(result.get(1, i)).isEqualTo(Float.NEGATIVE_INFINITY);
          if (i == masked) {
            assertThat(result.get(0, i)).isEqualTo(Float.NEGATIVE_INFINITY);
          } else {
            assertThat((double) result.get(0, i)).isCloseTo(exact[0][i], within(1e-6));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void onlyARowWithNanOrInfinityBecomesNan(Kernels kernels) {
    SoftmaxTest.assertOnlyRowBecomesNan(x -> logSoftmax(kernels, x, Layout.FRAMED));
  }

  /** The softmax of these is 0; the logarithm is finite. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void logarithmsOfTinyWeightsAreFinite(Kernels kernels) {
    float[][] pairs = {{0, -200}, {1e4f, 0}, {1e30f, -1e30f}, {3e38f, 2e38f}, {-1e38f, -3e38f}};
    for (int length = 2; length <= LONGEST; length++) {
      for (float[] pair : pairs) {
        Matrix x = Layout.TIGHT.blank(1, length);
        SoftmaxTest.fillRow(x, 0, pair[1]);
        x.data()[length / 2] = pair[0];
        Matrix result = logSoftmax(kernels, x, Layout.TIGHT);
        for (int i = 0; i < length; i++) {
          assertThat(result.get(0, i)).isEqualTo(i == length / 2 ? 0 : pair[1] - pair[0]);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aMillionColumnsStayWithinTheBudget(Kernels kernels) {
    for (float score : new float[] {0, 1e4f}) {
      Matrix x = Layout.FRAMED.blank(1, 1_000_000);
      SoftmaxTest.fillRow(x, 0, score);
      Matrix result = logSoftmax(kernels, x, Layout.TIGHT);
      for (int i = 0; i < 1_000_000; i += 997) {
        assertThat((double) result.get(0, i)).isCloseTo(-Math.log(1e6), within(1e-6 * Math.log(1e6)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void anEmptyRowMayHaveAnyOffset(Kernels kernels) {
    Matrix empty = new Matrix(new float[0], 1000, 5, 0, Integer.MAX_VALUE);
    kernels.logSoftmax(empty, empty);
    kernels.logSoftmax(Heads.zeros(0, 2, 3, 4), Axis.ROW, Heads.zeros(0, 2, 3, 4));
    kernels.softmax(Heads.zeros(2, 0, 3, 4), Axis.HEAD, Heads.zeros(2, 0, 3, 4));
  }

  /** Softmax and its logarithm along an axis are those of a row with the elements of the axis, in every layout and in place. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void anyAxisOfAViewHasTheBitsOfARow(Kernels kernels) {
    SplittableRandom random = new SplittableRandom(20261129);
    for (int[] shape : new int[][] {{3, 5, 7, 19}, {1, 33, 1, 4}, {17, 1, 40, 1}}) {
      for (HeadsLayout layout : HeadsLayout.values()) {
        Heads x = layout.random(shape[0], shape[1], shape[2], shape[3], random);
        for (HeadsLayout to : HeadsLayout.values()) {
          for (Axis axis : Axis.values()) {
            Heads weights = to.blank(shape[0], shape[1], shape[2], shape[3]);
            kernels.softmax(x, axis, weights);
            Heads logs = to.blank(shape[0], shape[1], shape[2], shape[3]);
            kernels.logSoftmax(x, axis, logs);
            String what = layout + " to " + to + " along " + axis;
            HeadsLayout.assertFrameIntact(what, weights);
            HeadsLayout.assertFrameIntact(what, logs);
            Heads last = x.transposed(axis, Axis.COLUMN);
            HeadsLayout.forEach(
                last.columns(0, 1),
                (b, head, row, column) -> {
                  Matrix one = HeadsLayout.DENSE.copyOf(last.batch(b, b + 1).heads(head, head + 1).rows(row, row + 1)).matrix(0, 0, 0, 1);
                  Matrix expected = Matrix.zeros(1, last.width());
                  kernels.softmax(one, expected);
                  Comparisons.assertSameBits(what, expected, weights.transposed(axis, Axis.COLUMN).matrix(b, head, row, row + 1));
                  kernels.logSoftmax(one, expected);
                  Comparisons.assertSameBits(what, expected, logs.transposed(axis, Axis.COLUMN).matrix(b, head, row, row + 1));
                });
            Heads inPlace = to.copyOf(x);
            kernels.logSoftmax(inPlace, axis, inPlace);
            HeadsLayout.assertSameBits(what + " in place", logs, inPlace);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void wrongViewsAreRefusedByName(Kernels kernels) {
    Heads x = Heads.of(new float[120], 2, 3, 4, 5);
    assertThatThrownBy(() -> kernels.logSoftmax(x, Axis.ROW, x.rows(0, 3))).hasMessage("result.rows is 3, but x.rows is 4");
    assertThatThrownBy(() -> kernels.softmax(x, Axis.ROW, x.heads(0, 2))).hasMessage("weights.heads is 2, but scores.heads is 3");
    assertThatThrownBy(() -> kernels.softmax(x, Axis.BATCH, Heads.of(x.data(), 2, 3, 5, 4).transposed()))
        .hasMessage("weights [0, 120) overlaps scores [0, 120) in the same array");
    assertThat(x.data()).containsOnly(0);
  }
}
