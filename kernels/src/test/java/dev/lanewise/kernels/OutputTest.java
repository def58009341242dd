package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.product.ColumnProduct;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OutputTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  @ParameterizedTest
  @MethodSource(PATHS)
  void outputStaysWithinTheBudgetAndInsideItsView(Kernels kernels) {
    for (Shape shape : Shape.all()) {
      RandomGenerator random = shape.random();
      Matrix weights = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix value = shape.layout().next().random(shape.inner(), shape.columns(), random);
      Matrix output = output(kernels, weights, value, shape.layout());
      Comparisons.assertWithinBudget(
          shape, PlainKernels.DOUBLE.product(weights, value, null), PlainKernels.FLOAT.product(weights, value, null), output);
      Layout.assertFrameIntact(shape, output);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void outputIsExactForWholeNumbers(Kernels kernels) {
    for (Shape shape : Shape.large()) {
      RandomGenerator random = shape.random();
      Matrix weights = shape.layout().randomWhole(shape.rows(), shape.inner(), random);
      Matrix value = shape.layout().next().randomWhole(shape.inner(), shape.columns(), random);
      Comparisons.assertExact(shape, PlainKernels.DOUBLE.product(weights, value, null), output(kernels, weights, value, shape.layout()));
    }
  }

  /**
   * With powers of two as weights each product is exact, fused or not. The remaining rounding of the sums identifies their order: chains of
   * 1024 keys, added in floats; in plain Java chains of 64 keys, added in double.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void keysAreAddedInOrder(Kernels kernels) {
    boolean plain = kernels.path().equals("scalar");
    int pass = plain ? 64 : 1024;
    for (Shape shape : Shape.large()) {
      RandomGenerator random = shape.random();
      Matrix weights = shape.layout().blank(shape.rows(), shape.inner());
      for (int row = 0; row < shape.rows(); row++) {
        for (int key = 0; key < shape.inner(); key++) {
          weights.data()[weights.index(row, key)] = Math.scalb(random.nextBoolean() ? 1f : -1f, random.nextInt(-8, 9));
        }
      }
      Matrix value = shape.layout().random(shape.inner(), shape.columns(), random);
      Matrix expected = Matrix.zeros(shape.rows(), shape.columns());
      for (int i = 0; i < shape.rows() * shape.columns(); i++) {
        double sum = 0;
        for (int from = 0; from < shape.inner(); from += pass) {
          float chain = 0;
          for (int key = from; key < Math.min(from + pass, shape.inner()); key++) {
            chain += weights.get(i / shape.columns(), key) * value.get(key, i % shape.columns());
          }
          sum = plain ? sum + chain : (float) sum + chain;
        }
        expected.data()[i] = (float) sum;
      }
      Comparisons.assertSameBits(shape, expected, output(kernels, weights, value, shape.layout()));
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aRowHasTheSameBitsWhateverSurroundsIt(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix weights = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix value = shape.layout().random(shape.inner(), shape.columns(), random);
      Comparisons.assertRowsStandAlone(shape, (from, to) -> output(kernels, weights.rows(from, to), value, shape.layout()));
      Comparisons.assertSameBits(
          shape + " in another layout",
          output(kernels, weights, value, shape.layout()),
          output(kernels, shape.layout().next().copyOf(weights), Layout.TIGHT.copyOf(value), shape.layout().next()));
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nanAndInfinityStayInTheirRow(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix weights = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix value = shape.layout().random(shape.inner(), shape.columns(), random);
      Matrix clean = output(kernels, weights, value, shape.layout());
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int i : shape.probes().toArray()) {
          int key = random.nextInt(shape.inner());
          Matrix badWeights = shape.layout().copyOf(weights);
          badWeights.data()[badWeights.index(i, key)] = poison;
          Comparisons.assertOnlyRowPoisoned(shape, i, clean, output(kernels, badWeights, value, shape.layout()));
          Matrix badValue = shape.layout().copyOf(value);
          badValue.data()[badValue.index(key, i)] = poison;
          Comparisons.assertOnlyColumnPoisoned(shape, i, clean, output(kernels, weights, badValue, shape.layout()));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void noKeysGiveZeroAndAnEmptyOutputMayHaveAnyOffset(Kernels kernels) {
    Matrix output = Layout.FRAMED.blank(5, 6);
    kernels.output(new Matrix(new float[0], 9, 5, 0, Integer.MAX_VALUE), new Matrix(new float[0], 9, 0, 6, 6), output);
    Comparisons.assertExact("no keys", new double[5][6], output);
    Layout.assertFrameIntact("no keys", output);
    kernels.output(Matrix.zeros(5, 3), Matrix.zeros(3, 0), new Matrix(new float[0], 9, 5, 0, 1));
  }

  /**
   * With more values than are packed at a time, columns have the bits that they have alone, on both sides of the number of keys from which
   * keys are packed in spans.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void manyValuesArePackedInParts(Kernels kernels) {
    RandomGenerator random = Shape.ofRows().getFirst().random();
    for (int keys : new int[] {3001, (1 << 15) + 70}) {
      for (int rows : new int[] {1, 3, 40}) {
        Matrix weights = Layout.TIGHT.random(rows, keys, random);
        Matrix value = Layout.TIGHT.next().random(keys, 600, random);
        Matrix output = output(kernels, weights, value, Layout.TIGHT);
        for (int from : new int[] {0, 64, 512}) {
          Matrix columns = new Matrix(value.data(), value.index(0, from), keys, 40, value.rowStride());
          Matrix part = output(kernels, weights, columns, Layout.TIGHT);
          for (int row = 0; row < rows; row++) {
            for (int column = 0; column < 40; column++) {
              assertThat(output.get(row, from + column)).as("%s keys, %s rows", keys, rows).isEqualTo(part.get(row, column));
            }
          }
        }
      }
      if (kernels.path().startsWith("vector")) {
        assertThat(PackedValues.size(Layout.TIGHT.random(2, keys, random), Matrix.zeros(keys, 600))).isLessThanOrEqualTo(5 << 19);
      }
    }
  }

  /** This class is loaded on the SIMD path only. */
  private static final class PackedValues {
    /** Number of floats that an output packs at a time. */
    static int size(Matrix weights, Matrix value) {
      Scratch scratch = new Scratch();
      ColumnProduct.run(weights, value, Matrix.zeros(weights.rows(), value.columns()), scratch);
      return scratch.right(0).length;
    }
  }

  private static Matrix output(Kernels kernels, Matrix weights, Matrix value, Layout layout) {
    Matrix output = layout.blank(weights.rows(), value.columns());
    kernels.output(weights, value, output);
    return output;
  }
}
