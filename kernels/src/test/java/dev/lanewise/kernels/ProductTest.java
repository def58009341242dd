package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProductTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";

  @ParameterizedTest
  @MethodSource(PATHS)
  void productsStayWithinTheBudgetAndInsideTheirView(Kernels kernels) {
    for (Shape shape : Shape.all()) {
      RandomGenerator random = shape.random();
      Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix weight = shape.layout().next().random(shape.inner(), shape.columns(), random);
      float[] bias = random.nextBoolean() ? bias(shape.columns(), random) : null;
      Matrix result = product(kernels, input, kernels.pack(weight), bias, shape.layout());
      Comparisons.assertWithinBudget(
          shape, PlainKernels.DOUBLE.product(input, weight, bias), PlainKernels.FLOAT.product(input, weight, bias), result);
      Layout.assertFrameIntact(shape, result);
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void productsOfWholeNumbersAreExactHoweverTheWeightIsStored(Kernels kernels) {
    for (Shape shape : Shape.large()) {
      RandomGenerator random = shape.random();
      Matrix input = shape.layout().randomWhole(shape.rows(), shape.inner(), random);
      Matrix weight = shape.layout().next().randomWhole(shape.inner(), shape.columns(), random);
      float[] bias = Layout.TIGHT.randomWhole(1, shape.columns(), random).data();
      double[][] expected = PlainKernels.DOUBLE.product(input, weight, bias);
      Comparisons.assertExact(shape, expected, product(kernels, input, kernels.pack(weight), bias, shape.layout()));
      Matrix asStoredByLinear = shape.layout().copyOf(Comparisons.transposed(weight));
      Comparisons.assertExact(shape, expected, product(kernels, input, kernels.packTransposed(asStoredByLinear), bias, shape.layout()));
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aRowHasTheSameBitsWhateverSurroundsIt(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
      PackedMatrix weight = kernels.pack(shape.layout().random(shape.inner(), shape.columns(), random));
      float[] bias = bias(shape.columns(), random);
      Comparisons.assertRowsStandAlone(shape, (from, to) -> product(kernels, input.rows(from, to), weight, bias, shape.layout()));
      Comparisons.assertSameBits(
          shape + " in another layout",
          product(kernels, input, weight, bias, shape.layout()),
          product(kernels, shape.layout().next().copyOf(input), weight, bias, shape.layout().next()));
    }
  }

  /**
   * A call with few rows streams the weight, a call with many rows works in strips, and both may cut the depth. Rows are tested at every
   * position among rows that share a read.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void fewRowsHaveTheBitsOfMany(Kernels kernels) {
    for (int columns : new int[] {1, 31, 33, 129, 200}) {
      for (int inner : new int[] {1, 40, 1024, 1025, 2060}) {
        Shape shape = new Shape(77, columns, inner, Layout.FRAMED, columns);
        RandomGenerator random = shape.random();
        Matrix input = shape.layout().random(shape.rows(), inner, random);
        PackedMatrix weight = kernels.pack(shape.layout().random(inner, columns, random));
        float[] bias = bias(columns, random);
        Matrix all = activated(kernels, input, weight, bias, Activation.GELU, shape.layout());
        for (int rows = 1, from = 0; rows <= 40; from = (from + rows) % 37, rows += rows < 9 ? 1 : 5) {
          Matrix few = activated(kernels, input.rows(from, from + rows), weight, bias, Activation.GELU, shape.layout());
          Comparisons.assertSameBits(shape + ", " + rows + " rows from " + from, all.rows(from, from + rows), few);
          Layout.assertFrameIntact(shape, few);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void activationsStayWithinTheBudgetOfTheSums(Kernels kernels) {
    for (Shape shape : Shape.activated()) {
      RandomGenerator random = shape.random();
      Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix weight = shape.layout().next().random(shape.inner(), shape.columns(), random);
      float[] bias = random.nextBoolean() ? bias(shape.columns(), random) : null;
      PackedMatrix packed = kernels.pack(weight);
      double[][] sums = PlainKernels.DOUBLE.product(input, weight, bias);
      double[][] plain = PlainKernels.FLOAT.product(input, weight, bias);
      for (Activation activation : Activation.values()) {
        Matrix result = activated(kernels, input, packed, bias, activation, shape.layout());
        Comparisons.assertWithinBudget(
            shape + ", " + activation,
            PlainKernels.DOUBLE.activated(activation, sums),
            PlainKernels.FLOAT.activated(activation, plain),
            result);
        Layout.assertFrameIntact(shape, result);
      }
    }
  }

  /** The fused activation is the one that {@link Kernels#activate} applies to the finished product, bit by bit. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void theFusedActivationHasTheBitsOfTheSeparateOne(Kernels kernels) {
    for (Shape shape : Shape.activated()) {
      RandomGenerator random = shape.random();
      Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
      PackedMatrix weight = kernels.pack(shape.layout().random(shape.inner(), shape.columns(), random));
      float[] bias = bias(shape.columns(), random);
      if (bias.length > 2) {
        bias[0] = Float.NaN;
        bias[1] = Float.POSITIVE_INFINITY;
        bias[2] = Float.NEGATIVE_INFINITY;
      }
      for (Activation activation : Activation.values()) {
        Matrix separate = product(kernels, input, weight, bias, shape.layout());
        kernels.activate(activation, separate, separate);
        Comparisons.assertSameBits(
            shape + ", " + activation, separate, activated(kernels, input, weight, bias, activation, shape.layout()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nanAndInfinityStayInTheirRow(Kernels kernels) {
    for (Shape shape : Shape.ofRows()) {
      RandomGenerator random = shape.random();
      Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
      Matrix weight = shape.layout().random(shape.inner(), shape.columns(), random);
      float[] bias = bias(shape.columns(), random);
      Matrix clean = product(kernels, input, kernels.pack(weight), bias, shape.layout());
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int i : shape.probes().toArray()) {
          int inner = random.nextInt(shape.inner());
          Matrix badInput = shape.layout().copyOf(input);
          badInput.data()[badInput.index(i, inner)] = poison;
          Comparisons.assertOnlyRowPoisoned(shape, i, clean, product(kernels, badInput, kernels.pack(weight), bias, shape.layout()));
          Matrix badWeight = shape.layout().copyOf(weight);
          badWeight.data()[badWeight.index(inner, i)] = poison;
          Comparisons.assertOnlyColumnPoisoned(shape, i, clean, product(kernels, input, kernels.pack(badWeight), bias, shape.layout()));
          float[] badBias = bias.clone();
          badBias[i] = poison;
          Comparisons.assertOnlyColumnPoisoned(shape, i, clean, product(kernels, input, kernels.pack(weight), badBias, shape.layout()));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void noInputsGiveTheBiasAndAnEmptyResultMayHaveAnyOffset(Kernels kernels) {
    Matrix result = Layout.FRAMED.blank(3, 4);
    PackedMatrix noInputs = kernels.pack(new Matrix(new float[0], 9, 0, 4, Integer.MAX_VALUE));
    kernels.product(new Matrix(new float[0], 9, 3, 0, Integer.MAX_VALUE), noInputs, new float[] {1, 2, 3, 4}, result);
    Comparisons.assertExact("no inputs", new double[][] {{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}}, result);
    Layout.assertFrameIntact("no inputs", result);
    PackedMatrix noOutputs = kernels.pack(Matrix.zeros(4, 0));
    kernels.product(Matrix.zeros(3, 4), noOutputs, new float[0], new Matrix(new float[0], 9, 3, 0, 1));
  }

  /** The bias of an earlier, wider call is still in the pooled scratch; a call without a bias must not use it. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void aCallDoesNotAffectTheNext(Kernels kernels) {
    RandomGenerator random = Shape.ofRows().getFirst().random();
    Matrix wide = Layout.TIGHT.random(9, 65, random);
    PackedMatrix wideWeight = kernels.pack(Layout.TIGHT.random(65, 77, random));
    Matrix input = Layout.TIGHT.random(5, 13, random);
    PackedMatrix weight = kernels.pack(Layout.TIGHT.random(13, 19, random));
    float[] bias = bias(19, random);
    Matrix without = product(kernels, input, weight, null, Layout.TIGHT);
    Matrix with = product(kernels, input, weight, bias, Layout.TIGHT);
    float[] poison = new float[77];
    Arrays.fill(poison, Float.NaN);
    assertThat(product(kernels, wide, wideWeight, poison, Layout.TIGHT).get(0, 0)).isNaN();
    Comparisons.assertSameBits("without bias", without, product(kernels, input, weight, null, Layout.TIGHT));
    Comparisons.assertSameBits("with bias", with, product(kernels, input, weight, bias, Layout.TIGHT));
  }

  private static float[] bias(int outputs, RandomGenerator random) {
    return Layout.TIGHT.random(1, outputs, random).data();
  }

  private static Matrix product(Kernels kernels, Matrix input, PackedMatrix weight, float @Nullable [] bias, Layout layout) {
    Matrix result = layout.blank(input.rows(), weight.outputs());
    kernels.product(input, weight, bias, result);
    return result;
  }

  private static Matrix activated(
      Kernels kernels, Matrix input, PackedMatrix weight, float @Nullable [] bias, Activation activation, Layout layout) {
    Matrix result = layout.blank(input.rows(), weight.outputs());
    kernels.product(input, weight, bias, activation, result);
    return result;
  }
}
