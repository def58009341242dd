package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainGradients;
import dev.lanewise.kernels.testing.Shape;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradients of products: dX = dY · W and dW += dYᵀ · X. A shape is rows (of X) × columns (inputs) × inner (outputs). */
class BackwardProductTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  /** Every third of the small shapes, and those large ones that cross a tile. */
  private static List<Shape> shapes() {
    List<Shape> all = Shape.all();
    int small = all.size() - Shape.large().size();
    return Stream.concat(
            Stream.iterate(0, i -> i < small, i -> i + 7).map(all::get),
            Shape.large().stream().filter(shape -> (long) shape.rows() * shape.columns() * shape.inner() < 10_000_000))
        .toList();
  }

  @Test
  void productsStayWithinTheBudgetAndInsideTheirView() {
    for (Shape shape : shapes()) {
      RandomGenerator random = shape.random();
      Matrix dy = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix weight = shape.layout().next().random(shape.inner(), shape.columns(), random);
      double[][] inputExpected = PlainGradients.DOUBLE.productInput(dy, weight);
      double[][] inputInFloat = PlainGradients.FLOAT.productInput(dy, weight);
      Matrix x = shape.layout().next().random(shape.rows(), shape.columns(), random);
      Matrix before = shape.layout().random(shape.inner(), shape.columns(), random);
      double[][] weightExpected = PlainGradients.DOUBLE.productWeight(dy, x, before);
      double[][] weightInFloat = PlainGradients.FLOAT.productWeight(dy, x, before);
      for (Kernels kernels : TestedKernels.all()) {
        String what = kernels.path() + ", " + shape;
        Matrix dx = shape.layout().blank(shape.rows(), shape.columns());
        kernels.backward().productInput(dy, weight, dx);
        Comparisons.assertWithinBudget(what, inputExpected, inputInFloat, dx);
        Layout.assertFrameIntact(what, dx);
        Matrix dw = shape.layout().copyOf(before);
        kernels.backward().productWeight(dy, x, dw);
        Comparisons.assertSumWithinBudget(what, before, weightExpected, weightInFloat, dw);
        Layout.assertFrameIntact(what, dw);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void manyRowsAreAddedInBlocks(Kernels kernels) {
    for (int rows : new int[] {1023, 1024, 1025, 2500, (1 << 15) + 70}) {
      RandomGenerator random = new Shape(rows, 35, 41, Layout.FRAMED, rows).random();
      Matrix dy = Layout.FRAMED.randomWhole(rows, 41, random);
      Matrix x = Layout.OPEN_END.randomWhole(rows, 35, random);
      Matrix before = Layout.FRAMED.randomWhole(41, 35, random);
      Matrix dw = Layout.TIGHT.copyOf(before);
      kernels.backward().productWeight(dy, x, dw);
      Comparisons.assertExact(rows + " rows", PlainGradients.DOUBLE.productWeight(dy, x, before), dw);
    }
  }

  /** More strips, panels and columns than are packed at a time, on both sides of a square. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void largeGradientsAreComputedInParts(Kernels kernels) {
    for (int[] sides : new int[][] {{905, 911}, {911, 905}, {40, 1061}, {3, 1100}}) {
      RandomGenerator random = new Shape(1030, sides[0], sides[1], Layout.FRAMED, sides[0]).random();
      Matrix dy = Layout.FRAMED.randomWhole(1030, sides[0], random);
      Matrix x = Layout.OPEN_END.randomWhole(1030, sides[1], random);
      Matrix dw = Layout.TIGHT.randomWhole(sides[0], sides[1], random);
      Matrix before = Layout.TIGHT.copyOf(dw);
      kernels.backward().productWeight(dy, x, dw);
      for (int o : new int[] {0, 1, sides[0] / 2, sides[0] - 1}) {
        Matrix row = dw.rows(o, o + 1);
        double[][] expected = PlainGradients.DOUBLE.productWeight(dy.columns(o, o + 1), x, before.rows(o, o + 1));
        Comparisons.assertExact(sides[0] + " x " + sides[1] + ", row " + o, expected, row);
      }
    }
  }

  /** Threads share a gradient by its rows or its columns. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void slicesHaveTheBitsOfTheWhole(Kernels kernels) {
    for (int rows : new int[] {40, 1100}) {
      RandomGenerator random = new Shape(rows, 150, 203, Layout.FRAMED, rows).random();
      Matrix dy = Layout.FRAMED.random(rows, 203, random);
      Matrix x = Layout.OPEN_END.random(rows, 150, random);
      Matrix weight = Layout.TIGHT.random(203, 150, random);
      Matrix before = Layout.FRAMED.random(203, 150, random);
      Matrix whole = Layout.TIGHT.copyOf(before);
      Matrix wholeInput = Layout.TIGHT.blank(rows, 150);
      kernels.backward().productWeight(dy, x, whole);
      kernels.backward().productInput(dy, weight, wholeInput);
      for (int part : new int[] {1, 9, 64, 131}) {
        Matrix byRows = Layout.FRAMED.copyOf(before);
        Matrix byColumns = Layout.FRAMED.copyOf(before);
        Matrix input = Layout.FRAMED.blank(rows, 150);
        for (int from = 0; from < 203; from += part) {
          int to = Math.min(from + part, 203);
          kernels.backward().productWeight(dy.columns(from, to), x, byRows.rows(from, to));
        }
        for (int from = 0; from < 150; from += part) {
          int to = Math.min(from + part, 150);
          kernels.backward().productWeight(dy, x.columns(from, to), byColumns.columns(from, to));
          kernels.backward().productInput(dy, weight.columns(from, to), input.columns(from, to));
        }
        Comparisons.assertSameBits("by rows of " + part, whole, byRows);
        Comparisons.assertSameBits("by columns of " + part, whole, byColumns);
        Comparisons.assertSameBits("input by columns of " + part, wholeInput, input);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void columnStridesAreCopied(Kernels kernels) {
    RandomGenerator random = Shape.ofRows().getFirst().random();
    Matrix dy = Layout.TIGHT.random(37, 21, random);
    Matrix x = Layout.TIGHT.random(37, 18, random);
    Matrix dw = Layout.TIGHT.random(21, 18, random);
    Matrix strided = Comparisons.transposed(dw).transposed();
    kernels.backward().productWeight(dy, x, dw);
    kernels.backward().productWeight(Comparisons.transposed(dy).transposed(), Comparisons.transposed(x).transposed(), strided);
    Comparisons.assertSameBits("transposed views", dw, strided);
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nanStaysInItsRowAndColumn(Kernels kernels) {
    RandomGenerator random = Shape.ofRows().getFirst().random();
    for (int rows : new int[] {5, 70}) {
      Matrix dy = Layout.TIGHT.random(rows, 45, random);
      Matrix x = Layout.TIGHT.random(rows, 50, random);
      Matrix clean = Matrix.zeros(45, 50);
      kernels.backward().productWeight(dy, x, clean);
      for (int i = 0; i < 45; i += 11) {
        Matrix bad = Layout.TIGHT.copyOf(dy);
        bad.data()[bad.index(rows / 2, i)] = Float.NaN;
        Matrix dw = Matrix.zeros(45, 50);
        kernels.backward().productWeight(bad, x, dw);
        Comparisons.assertOnlyRowPoisoned("dy", i, clean, dw);
        bad = Layout.TIGHT.copyOf(x);
        bad.data()[bad.index(rows / 2, i)] = Float.NaN;
        dw = Matrix.zeros(45, 50);
        kernels.backward().productWeight(dy, bad, dw);
        Comparisons.assertOnlyColumnPoisoned("x", i, clean, dw);
      }
    }
  }

  /** A repacked weight is the packed weight, padding included, and a product with it has the bits of productInput. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void repackedWeightsAreThePackedOnes(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix old = shape.layout().random(shape.inner(), shape.columns(), random);
      Matrix weight = shape.layout().next().random(shape.inner(), shape.columns(), random);
      for (Matrix given : List.of(weight, Comparisons.transposed(weight).transposed())) {
        PackedMatrix packed = kernels.pack(old);
        kernels.backward().pack(given, packed);
        assertThat(packed.data()).isEqualTo(kernels.pack(weight).data());
        PackedMatrix transposed = kernels.packTransposed(old);
        kernels.backward().packTransposed(given, transposed);
        assertThat(transposed.data()).isEqualTo(kernels.packTransposed(weight).data());
        Matrix dy = shape.layout().random(shape.rows(), shape.inner(), random);
        Matrix dx = shape.layout().blank(shape.rows(), shape.columns());
        Matrix product = shape.layout().blank(shape.rows(), shape.columns());
        kernels.backward().productInput(dy, weight, dx);
        kernels.product(dy, packed, null, product);
        Comparisons.assertSameBits(shape, dx, product);
      }
    }
  }

  /** Threads share the packing of a weight by its outputs. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void aRangeOfOutputsIsRepackedAlone(Kernels kernels) {
    RandomGenerator random = Shape.ofRows().getFirst().random();
    Matrix weight = Layout.FRAMED.random(203, 77, random);
    PackedMatrix packed = kernels.packTransposed(Matrix.zeros(203, 77));
    PackedMatrix plain = kernels.pack(Matrix.zeros(77, 203));
    for (int from : new int[] {128, 0, 64, 192}) {
      int to = Math.min(from + 64, 203);
      kernels.backward().packTransposed(weight.rows(from, to), packed.outputs(from, to));
      kernels.backward().pack(Layout.TIGHT.copyOf(Comparisons.transposed(weight)).columns(from, to), plain.outputs(from, to));
    }
    assertThat(packed.data()).isEqualTo(kernels.packTransposed(weight).data());
    assertThat(plain.data()).isEqualTo(packed.data());
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void columnSumsStayWithinTheBudget(Kernels kernels) {
    for (Shape shape : shapes()) {
      Matrix dy = shape.layout().random(shape.rows(), shape.columns(), shape.random());
      float[] before = Layout.TIGHT.random(1, shape.columns(), shape.random()).data();
      float[] sums = before.clone();
      kernels.backward().columnSums(dy, sums);
      double[][] exact = PlainGradients.DOUBLE.columnSums(dy, before);
      Comparisons.assertSumWithinBudget(shape, row(before), exact, PlainGradients.FLOAT.columnSums(dy, before), row(sums));
    }
    float[] ones = new float[50];
    Arrays.fill(ones, 1);
    float[] sums = new float[50];
    kernels.backward().columnSums(new Matrix(ones, 0, 20_000_002, 50, 0), sums);
    assertThat(sums).containsOnly(20_000_002f); // 2^24 ones would be the most in a single chain
  }

  private static Matrix row(float[] x) {
    return Matrix.of(x, 1, x.length);
  }
}
