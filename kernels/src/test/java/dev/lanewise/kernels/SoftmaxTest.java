package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SoftmaxTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  /** Longest row of the tests, a little more than two of the widest vectors. Each lane and each tail holds the special element once. */
  private static final int LONGEST = 35;

  @ParameterizedTest
  @MethodSource(PATHS)
  void weightsStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    for (Shape shape : shapes()) {
      Matrix scores = randomScores(shape);
      Matrix weights = softmax(kernels, scores, shape.layout().next());
      double[][] plain = PlainKernels.FLOAT.softmax(scores);
      Comparisons.assertWithinBudget(shape, PlainKernels.DOUBLE.softmax(scores), plain, weights);
      Layout.assertFrameIntact(shape, weights);
      for (int row = 0; row < shape.rows() && shape.columns() > 0; row++) {
        double plainSum = DoubleStream.of(plain[row]).sum();
        assertThat(sum(weights, row)).as("%s: sum of row %d", shape, row).isCloseTo(1, within(2 * Math.abs(plainSum - 1) + 1e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void bitsAreTheSameInPlaceAndWhateverSurroundsThem(Kernels kernels) {
    for (Shape shape : shapes()) {
      Matrix scores = randomScores(shape);
      Matrix weights = softmax(kernels, scores, shape.layout());
      Matrix inPlace = shape.layout().next().copyOf(scores);
      kernels.softmax(inPlace, inPlace);
      Comparisons.assertSameBits(shape + " in place", weights, inPlace);
      Layout.assertFrameIntact(shape, inPlace);
      if (shape.rows() < 100) {
        Comparisons.assertRowsStandAlone(shape, (from, to) -> softmax(kernels, scores.rows(from, to), shape.layout()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aRowOfMinusInfinityGetsWeightsOfZero(Kernels kernels) {
    for (int length = 1; length <= LONGEST; length++) {
      Matrix scores = Layout.FRAMED.random(3, length, Shape.ofRows().getFirst().random());
      Matrix clean = softmax(kernels, scores, Layout.FRAMED);
      fillRow(scores, 1, Float.NEGATIVE_INFINITY);
      Matrix weights = softmax(kernels, scores, Layout.FRAMED);
      for (int column = 0; column < length; column++) {
        assertThat(weights.get(1, column)).as("length %d, column %d", length, column).isZero();
      }
      Comparisons.assertSameBits("row before", clean.rows(0, 1), weights.rows(0, 1));
      Comparisons.assertSameBits("row after", clean.rows(2, 3), weights.rows(2, 3));
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void minusInfinityAloneGetsZeroAndTheRestSharesOne(Kernels kernels) {
    for (int length = 2; length <= LONGEST; length++) {
      for (int masked = 0; masked < length; masked++) {
        Matrix scores = Layout.TIGHT.random(1, length, Shape.ofRows().getFirst().random());
        scores.data()[masked] = Float.NEGATIVE_INFINITY;
        Matrix weights = softmax(kernels, scores, Layout.TIGHT);
        assertThat(weights.get(0, masked)).as("length %d, column %d", length, masked).isZero();
        Comparisons.assertWithinBudget(
            "length " + length, PlainKernels.DOUBLE.softmax(scores), PlainKernels.FLOAT.softmax(scores), weights);
      }
    }
  }

  /** The weights of a row with a NaN are NaN, and so are those of a row with +∞, because ∞ − ∞ is NaN. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void onlyARowWithNanOrInfinityBecomesNan(Kernels kernels) {
    assertOnlyRowBecomesNan(scores -> softmax(kernels, scores, Layout.FRAMED));
  }

  /** Checks that a NaN or +∞ at any place of a row makes the row NaN, and that the other rows keep their bits. */
  static void assertOnlyRowBecomesNan(UnaryOperator<Matrix> kernel) {
    for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (float others : new float[] {Float.NEGATIVE_INFINITY, 0, 3e38f, Float.POSITIVE_INFINITY}) {
        for (int length = 1; length <= LONGEST; length++) {
          for (int column = 0; column < length; column++) {
            Matrix x = Layout.FRAMED.random(3, length, Shape.ofRows().getFirst().random());
            Matrix clean = kernel.apply(x);
            fillRow(x, 1, others);
            x.data()[x.index(1, column)] = poison;
            Matrix result = kernel.apply(x);
            String what = poison + " at " + column + " of " + length + " among " + others;
            Comparisons.assertOnlyRowPoisoned(what, 1, clean, result);
            for (int i = 0; i < length; i++) {
              assertThat(result.get(1, i)).as(what).isNaN();
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void hugeScoresDoNotOverflow(Kernels kernels) {
    for (int length = 1; length <= LONGEST; length++) {
      for (int column = 0; column < length; column++) {
        for (float[] pair : new float[][] {{3e38f, -3e38f}, {-3e38f, Float.NEGATIVE_INFINITY}, {1e4f, 0}, {0, -200}, {3e38f, 2e38f}}) {
          Matrix scores = Layout.TIGHT.blank(1, length);
          fillRow(scores, 0, pair[1]);
          scores.data()[column] = pair[0];
          Matrix weights = softmax(kernels, scores, Layout.TIGHT);
          for (int i = 0; i < length; i++) {
            assertThat(weights.get(0, i)).as("%s at %d of %d", Arrays.toString(pair), column, length).isEqualTo(i == column ? 1f : 0f);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void equalScoresGetEqualWeights(Kernels kernels) {
    for (int length : new int[] {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 59, 111, 1023, 1024, 1025, 1_000_000}) {
      for (float score : new float[] {0, -0f, 1, -7.25f, 3e38f, -3e38f, Float.MIN_VALUE}) {
        Matrix scores = Layout.OPEN_END.blank(1, length);
        fillRow(scores, 0, score);
        Matrix weights = softmax(kernels, scores, Layout.OPEN_END);
        float share = 1f / length;
        for (int i = 0; i < length; i++) {
          if (Math.abs(weights.get(0, i) - share) > Math.ulp(share)) {
            assertThat(weights.get(0, i)).as("%d scores of %s", length, score).isEqualTo(share);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aMillionColumnsStayWithinTheBudget(Kernels kernels) {
    Shape shape = new Shape(1, 1_000_000, 0, Layout.FRAMED, 71);
    Matrix scores = shape.layout().random(1, shape.columns(), shape.random());
    Matrix weights = softmax(kernels, scores, Layout.TIGHT);
    double[][] plain = PlainKernels.FLOAT.softmax(scores);
    Comparisons.assertWithinBudget(shape, PlainKernels.DOUBLE.softmax(scores), plain, weights);
    double plainSum = DoubleStream.of(plain[0]).sum();
    assertThat(sum(weights, 0)).isCloseTo(1, within(2 * Math.abs(plainSum - 1) + 1e-6));
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void anEmptyRowMayHaveAnyOffset(Kernels kernels) {
    Matrix empty = new Matrix(new float[0], 1000, 5, 0, Integer.MAX_VALUE);
    kernels.softmax(empty, empty);
    kernels.softmax(Matrix.zeros(0, 5), Matrix.zeros(0, 5));
  }

  static List<Shape> shapes() {
    List<Shape> shapes = new ArrayList<>();
    for (int rows : new int[] {0, 1, 3, 8, 113, 1023}) {
      for (int columns : new int[] {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 59, 111, 203, 1023, 1024, 1025}) {
        if (rows < 1000 || columns < 20) {
          shapes.add(new Shape(rows, columns, 0, Layout.values()[shapes.size() % 3], 1121 + shapes.size()));
        }
      }
    }
    return shapes;
  }

  /** Scores whose range grows from row to row: from nearly equal weights, as in attention, to a single weight of 1. */
  static Matrix randomScores(Shape shape) {
    RandomGenerator random = shape.random();
    Matrix scores = shape.layout().random(shape.rows(), shape.columns(), random);
    float[] spread = {1, 0.01f, 5, 40, 300};
    for (int row = 0; row < shape.rows(); row++) {
      float shift = 50 * (float) random.nextGaussian();
      for (int column = 0; column < shape.columns(); column++) {
        int i = scores.index(row, column);
        scores.data()[i] = scores.data()[i] * spread[row % spread.length] + shift;
      }
    }
    return scores;
  }

  static void fillRow(Matrix matrix, int row, float element) {
    Arrays.fill(matrix.data(), matrix.index(row, 0), matrix.index(row, matrix.columns()), element);
  }

  private static double sum(Matrix matrix, int row) {
    double sum = 0;
    for (int column = 0; column < matrix.columns(); column++) {
      sum += matrix.get(row, column);
    }
    return sum;
  }

  private static Matrix softmax(Kernels kernels, Matrix scores, Layout layout) {
    Matrix weights = layout.blank(scores.rows(), scores.columns());
    kernels.softmax(scores, weights);
    return weights;
  }
}
