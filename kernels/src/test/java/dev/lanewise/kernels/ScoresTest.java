package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.simd.VectorKernels;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScoresTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  @ParameterizedTest
  @MethodSource(PATHS)
  void scoresStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    for (Shape shape : Shape.all()) {
      RandomGenerator random = shape.random();
      Matrix query = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix key = shape.layout().next().random(shape.columns(), shape.inner(), random);
      float scale = (float) random.nextGaussian();
      Matrix scores = shape.layout().blank(shape.rows(), shape.columns());
      kernels.scores(query, key, scale, scores);
      Comparisons.assertWithinBudget(
          shape, PlainKernels.DOUBLE.scores(query, key, scale), PlainKernels.FLOAT.scores(query, key, scale), scores);
      Layout.assertFrameIntact(shape, scores);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void scoresAreExactForWholeNumbers(Kernels kernels) {
    for (Shape shape : Shape.large()) {
      RandomGenerator random = shape.random();
      Matrix query = shape.layout().randomWhole(shape.rows(), shape.inner(), random);
      Matrix key = shape.layout().next().randomWhole(shape.columns(), shape.inner(), random);
      Matrix scores = shape.layout().blank(shape.rows(), shape.columns());
      kernels.scores(query, key, -0.5f, scores);
      Comparisons.assertExact(shape, PlainKernels.DOUBLE.scores(query, key, -0.5f), scores);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aRowHasTheSameBitsWhateverSurroundsIt(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix query = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix key = shape.layout().random(shape.columns(), shape.inner(), random);
      Comparisons.assertRowsStandAlone(shape, (from, to) -> scores(kernels, query.rows(from, to), key, shape.layout()));
      Comparisons.assertSameBits(
          shape + " in another layout",
          scores(kernels, query, key, shape.layout()),
          scores(kernels, shape.layout().next().copyOf(query), Layout.TIGHT.copyOf(key), shape.layout().next()));
    }
  }

  /** Attention computes its keys in tiles. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void aKeyHasTheSameBitsWhateverSurroundsIt(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix query = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix key = shape.layout().random(shape.columns(), shape.inner(), random);
      Shape keysAsRows = new Shape(/* rows= */ shape.columns(), /* columns= */ shape.rows(), shape.inner(), shape.layout(), shape.seed());
      Comparisons.assertRowsStandAlone(
          keysAsRows, (from, to) -> Comparisons.transposed(scores(kernels, query, key.rows(from, to), shape.layout())));
    }
  }

  /** With more keys than are packed at a time, each part has the bits that it has alone, and the scratch is 4 MB. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void manyKeysArePackedInParts(Kernels kernels) {
    RandomGenerator random = Shape.ofRows().getFirst().random();
    for (int rows : new int[] {1, 3, 40}) {
      Matrix query = Layout.TIGHT.random(rows, 700, random);
      Matrix key = Layout.TIGHT.next().random(5003, 700, random);
      Matrix scores = scores(kernels, query, key, Layout.TIGHT);
      for (int from = 0; from < key.rows(); from += 1001) {
        int to = Math.min(from + 1001, key.rows());
        Matrix part = scores(kernels, query, key.rows(from, to), Layout.TIGHT);
        for (int row = 0; row < rows; row++) {
          for (int column = from; column < to; column++) {
            float actual = scores.data()[scores.index(row, column)];
            assertThat(actual).as("%s rows, key %s", rows, column).isEqualTo(part.data()[part.index(row, column - from)]);
          }
        }
      }
    }
    if (kernels.path().startsWith("vector")) {
      Matrix key = Layout.TIGHT.random(5003, 700, random);
      assertThat(PackedKeys.size(Layout.TIGHT.random(1, 700, random), key)).isLessThanOrEqualTo(1 << 20);
    }
  }

  /** This class is loaded on the SIMD path only. */
  private static final class PackedKeys {
    /** Number of floats that scores pack at a time. */
    static int size(Matrix query, Matrix key) {
      Scratch scratch = new Scratch();
      VectorKernels.scores(query, key, 1, Matrix.zeros(query.rows(), key.rows()), scratch);
      return scratch.right(0).length;
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nanAndInfinityStayInTheirRow(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix query = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix key = shape.layout().random(shape.columns(), shape.inner(), random);
      Matrix clean = scores(kernels, query, key, shape.layout());
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int row : shape.probes().toArray()) {
          int element = random.nextInt(shape.inner());
          Matrix badQuery = shape.layout().copyOf(query);
          badQuery.data()[badQuery.index(row, element)] = poison;
          Comparisons.assertOnlyRowPoisoned(shape, row, clean, scores(kernels, badQuery, key, shape.layout()));
          Matrix badKey = shape.layout().copyOf(key);
          badKey.data()[badKey.index(row, element)] = poison;
          Comparisons.assertOnlyColumnPoisoned(shape, row, clean, scores(kernels, query, badKey, shape.layout()));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aStrideOfZeroRepeatsARow(Kernels kernels) {
    Matrix query = Matrix.of(new float[] {1, 2, 3}, 1, 3);
    Matrix key = Matrix.of(new float[] {4, 5, 6}, 1, 3);
    Matrix scores = Layout.FRAMED.blank(19, 21);
    kernels.scores(new Matrix(query.data(), 0, 19, 3, 0), new Matrix(key.data(), 0, 21, 3, 0), 1, scores);
    for (int row = 0; row < scores.rows(); row++) {
      for (int column = 0; column < scores.columns(); column++) {
        assertThat(scores.get(row, column)).isEqualTo(32);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void anEmptyHeadGivesZeroEvenPastTheEndOfItsArray(Kernels kernels) {
    Matrix empty = new Matrix(new float[0], 1000, 5, 0, Integer.MAX_VALUE);
    Matrix scores = Layout.FRAMED.blank(5, 5);
    kernels.scores(empty, empty.rows(0, 5), 1, scores);
    Comparisons.assertExact("headDim 0", new double[5][5], scores);
    Layout.assertFrameIntact("headDim 0", scores);
    Matrix none = new Matrix(new float[0], 7, 5, 0, 3);
    kernels.scores(Matrix.zeros(5, 3), Matrix.zeros(0, 3), 1, none);
  }

  private static Matrix scores(Kernels kernels, Matrix query, Matrix key, Layout layout) {
    Matrix scores = layout.blank(query.rows(), key.rows());
    kernels.scores(query, key, 0.3f, scores);
    return scores;
  }
}
