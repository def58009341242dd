package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AdditiveScoresTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  @Test
  void scoresStayWithinTheBudgetAndInsideTheirView() {
    for (Shape shape : Shape.all()) {
      Operands operands = Operands.random(shape);
      double[][] expected = PlainKernels.DOUBLE.additiveScores(operands.query, operands.key, operands.vector);
      double[][] inFloat = PlainKernels.FLOAT.additiveScores(operands.query, operands.key, operands.vector);
      for (Kernels kernels : TestedKernels.all()) {
        String what = kernels.path() + ", " + shape;
        Matrix scores = operands.scores(kernels, shape.layout());
        Comparisons.assertWithinBudget(what, expected, inFloat, scores);
        Layout.assertFrameIntact(what, scores);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aRowAndAKeyHaveTheSameBitsWhateverSurroundsThem(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      Operands operands = Operands.random(shape);
      Comparisons.assertRowsStandAlone(shape, (from, to) -> operands.rows(from, to).scores(kernels, shape.layout()));
      Shape keysAsRows = new Shape(/* rows= */ shape.columns(), /* columns= */ shape.rows(), shape.inner(), shape.layout(), shape.seed());
      Comparisons.assertRowsStandAlone(
          keysAsRows, (from, to) -> Comparisons.transposed(operands.keys(from, to).scores(kernels, shape.layout())));
      Matrix elsewhere = operands.in(shape.layout().next()).scores(kernels, Layout.FRAMED);
      Comparisons.assertSameBits(shape + " in another layout", operands.scores(kernels, shape.layout()), elsewhere);
    }
  }

  /** query + key is symmetric, and so are the bits. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void queriesAndKeysMayBeExchanged(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      Operands operands = Operands.random(shape);
      Operands swapped = new Operands(operands.key, operands.query, operands.vector);
      Comparisons.assertSameBits(
          shape, operands.scores(kernels, Layout.TIGHT), Comparisons.transposed(swapped.scores(kernels, Layout.FRAMED)));
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nanStaysInItsRowOrColumn(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      Operands operands = Operands.random(shape);
      Matrix clean = operands.scores(kernels, shape.layout());
      RandomGenerator random = shape.random();
      for (int row : shape.probes().toArray()) {
        int element = random.nextInt(shape.inner());
        Operands bad = operands.in(shape.layout());
        bad.query.data()[bad.query.index(row, element)] = Float.NaN;
        Comparisons.assertOnlyRowPoisoned(shape, row, clean, bad.scores(kernels, shape.layout()));
        bad = operands.in(shape.layout());
        bad.key.data()[bad.key.index(row, element)] = Float.NaN;
        Comparisons.assertOnlyColumnPoisoned(shape, row, clean, bad.scores(kernels, shape.layout()));
      }
    }
  }

  /** tanh has limits: an infinite element counts as ±1. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void infinityGivesTheLimit(Kernels kernels) {
    for (float infinity : new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      Operands operands = Operands.random(Shape.ofRows().get(1));
      Arrays.fill(operands.vector, 0.25f);
      Arrays.fill(operands.query.data(), operands.query.index(3, 0), operands.query.index(3, operands.query.columns()), infinity);
      Matrix scores = operands.scores(kernels, Layout.TIGHT);
      for (int key = 0; key < scores.columns(); key++) {
        assertThat(scores.get(3, key)).isEqualTo(Math.signum(infinity) * operands.vector.length / 4);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void anEmptySumIsZeroEvenPastTheEndOfItsArray(Kernels kernels) {
    Matrix empty = new Matrix(new float[0], 1000, 5, 0, Integer.MAX_VALUE);
    Matrix scores = Layout.FRAMED.blank(5, 5);
    kernels.additiveScores(empty, empty, new float[0], scores);
    Comparisons.assertExact("size 0", new double[5][5], scores);
    Layout.assertFrameIntact("size 0", scores);
    kernels.additiveScores(Matrix.zeros(5, 3), Matrix.zeros(0, 3), new float[3], new Matrix(new float[0], 7, 5, 0, 3));
  }

  private record Operands(Matrix query, Matrix key, float[] vector) {
    static Operands random(Shape shape) {
      RandomGenerator random = shape.random();
      Matrix query = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix key = shape.layout().next().random(shape.columns(), shape.inner(), random);
      return new Operands(query, key, Layout.TIGHT.random(1, shape.inner(), random).data());
    }

    Operands rows(int from, int to) {
      return new Operands(query.rows(from, to), key, vector);
    }

    Operands keys(int from, int to) {
      return new Operands(query, key.rows(from, to), vector);
    }

    Operands in(Layout layout) {
      return new Operands(layout.copyOf(query), layout.copyOf(key), vector);
    }

    Matrix scores(Kernels kernels, Layout layout) {
      Matrix scores = layout.blank(query.rows(), key.rows());
      kernels.additiveScores(query, key, vector, scores);
      return scores;
    }
  }
}
