package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.PlainKernels;
import dev.lanewise.kernels.testing.Shape;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with weights that are stored in fewer bits than a float. The reference multiplies the numbers that the codes stand for. */
class NarrowProductTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final int[] ROWS = {0, 1, 2, 3, 5, 9, 33, 41, 137};
  private static final int[] COLUMNS = {1, 7, 16, 31, 33, 64, 129};
  private static final int[] INNER = {0, 1, 2, 31, 32, 33, 40, 100, 1025};

  private static List<Shape> shapes() {
    List<Shape> shapes = new ArrayList<>();
    for (int rows : ROWS) {
      for (int columns : COLUMNS) {
        for (int inner : INNER) {
          shapes.add(new Shape(rows, columns, inner, Layout.values()[shapes.size() % Layout.values().length], 7L * shapes.size() + 3));
        }
      }
    }
    shapes.add(new Shape(1, 389, 2816, Layout.FRAMED, 1));
    shapes.add(new Shape(35, 70, 2050, Layout.FRAMED, 2));
    // Every third one of these in order would have one layout, and a third of the inner lengths.
    Collections.shuffle(shapes, new Random(8));
    return shapes;
  }

  /** The numbers that a packed weight stands for, inputs × outputs. */
  private static Matrix numbers(PackedMatrix weight) {
    Matrix rows = Matrix.zeros(weight.outputs(), weight.inputs());
    for (int output = 0; output < weight.outputs(); output++) {
      weight.row(output, rows.data(), output * weight.inputs());
    }
    return rows.transposed();
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void productsStayWithinTheBudgetOfTheirNumbersAndInsideTheirView(Kernels kernels) {
    Sample.pairs(List.of(WeightFormat.values()), shapes(), Case::new)
        .forEach(each -> assertWithinBudgetAndView(kernels, each.format, each.shape));
  }

  private record Case(WeightFormat format, Shape shape) {}

  private static void assertWithinBudgetAndView(Kernels kernels, WeightFormat format, Shape shape) {
    RandomGenerator random = shape.random();
    Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
    PackedMatrix weight = kernels.packTransposed(shape.layout().next().random(shape.columns(), shape.inner(), random), format);
    float[] bias = random.nextBoolean() ? Layout.TIGHT.random(1, shape.columns(), random).data() : null;
    Matrix numbers = numbers(weight);
    Matrix result = product(kernels, input, weight, bias, Activation.NONE, shape.layout());
    assertWithinBudget(shape + ", " + format, input, numbers, bias, result);
    Layout.assertFrameIntact(shape, result);
  }

  /**
   * Error ≤ 2 × the error of plain float code + 1e-6 of the largest sum of |products|. Codes of 4 bits have no sign while they are summed,
   * so that sums are larger than the result.
   */
  private static void assertWithinBudget(String what, Matrix input, Matrix numbers, float @Nullable [] bias, Matrix result) {
    double[][] expected = PlainKernels.DOUBLE.product(input, numbers, bias);
    double[][] plain = PlainKernels.FLOAT.product(input, numbers, bias);
    double[][] sizes = PlainKernels.DOUBLE.product(absolute(input), absolute(numbers), null);
    double size = 0;
    double plainError = 0;
    double error = 0;
    for (int row = 0; row < result.rows(); row++) {
      for (int column = 0; column < result.columns(); column++) {
        size = Math.max(size, sizes[row][column]);
        plainError = Math.max(plainError, Math.abs(plain[row][column] - expected[row][column]));
        error = Math.max(error, Math.abs(result.get(row, column) - expected[row][column]));
      }
    }
    assertThat(error).as(what).isLessThanOrEqualTo(2 * plainError + 1e-6 * size);
  }

  private static Matrix absolute(Matrix x) {
    Matrix absolute = Layout.TIGHT.copyOf(x);
    for (int i = 0; i < absolute.data().length; i++) {
      absolute.data()[i] = Math.abs(absolute.data()[i]);
    }
    return absolute;
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void aRowHasTheSameBitsWhateverIsBesideItAndWhoeverComputesItsOutputs(Kernels kernels) {
    List<Shape> shapes = new ArrayList<>();
    for (int columns : new int[] {1, 33, 200}) {
      for (int inner : new int[] {1, 40, 1024, 1031, 2080}) {
        shapes.add(new Shape(77, columns, inner, Layout.FRAMED, columns));
      }
    }
    Sample.pairs(List.of(WeightFormat.values()), shapes, Case::new).forEach(each -> assertSameBits(kernels, each.format, each.shape));
  }

  private static void assertSameBits(Kernels kernels, WeightFormat format, Shape shape) {
    int columns = shape.columns();
    RandomGenerator random = shape.random();
    Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
    PackedMatrix weight = kernels.packTransposed(shape.layout().random(columns, shape.inner(), random), format);
    float[] bias = Layout.TIGHT.random(1, columns, random).data();
    Matrix all = product(kernels, input, weight, bias, Activation.GELU, shape.layout());
    for (int rows = 1, from = 0; rows <= 40; from = (from + rows) % 37, rows += rows < 9 ? 1 : 5) {
      Matrix few = product(kernels, input.rows(from, from + rows), weight, bias, Activation.GELU, shape.layout());
      Comparisons.assertSameBits(shape + ", " + format + ", " + rows + " rows", all.rows(from, from + rows), few);
      Layout.assertFrameIntact(shape, few);
    }
    for (int from = 0; from < columns; from += 64) {
      int to = Math.min(from + 64, columns);
      float[] part = Arrays.copyOfRange(bias, from, to);
      for (int rows : new int[] {1, 5, 77}) {
        Matrix piece = product(kernels, input.rows(0, rows), weight.outputs(from, to), part, Activation.GELU, shape.layout());
        Comparisons.assertSameBits(shape + ", " + format + ", outputs " + from, all.rows(0, rows).columns(from, to), piece);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void weightsOf16BitsHaveTheBitsOfTheSameFloats(Kernels kernels) {
    for (WeightFormat format : List.of(WeightFormat.F16, WeightFormat.BF16)) {
      for (Shape shape : Sample.of(shapes())) {
        RandomGenerator random = shape.random();
        Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
        PackedMatrix weight = kernels.packTransposed(Layout.TIGHT.random(shape.columns(), shape.inner(), random), format);
        Comparisons.assertSameBits(
            shape + ", " + format,
            product(kernels, input, kernels.pack(numbers(weight)), null, Activation.NONE, shape.layout()),
            product(kernels, input, weight, null, Activation.NONE, shape.layout()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void nanAndInfinityStayInTheirRow(Kernels kernels) {
    for (WeightFormat format : WeightFormat.values()) {
      Shape shape = new Shape(41, 70, 77, Layout.FRAMED, 5);
      RandomGenerator random = shape.random();
      Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
      PackedMatrix weight = kernels.packTransposed(Layout.TIGHT.random(shape.columns(), shape.inner(), random), format);
      Matrix clean = product(kernels, input, weight, null, Activation.NONE, shape.layout());
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int row : new int[] {0, 17, 40}) {
          Matrix bad = shape.layout().copyOf(input);
          bad.data()[bad.index(row, random.nextInt(shape.inner()))] = poison;
          Matrix result = product(kernels, bad, weight, null, Activation.NONE, shape.layout());
          Comparisons.assertOnlyRowPoisoned(shape + ", " + format, row, clean, result);
          Matrix alone = product(kernels, bad.rows(row, row + 1), weight, null, Activation.NONE, shape.layout());
          assertThat(Float.isFinite(alone.get(0, 3))).as("%s, %s alone", format, poison).isFalse();
        }
      }
    }
  }

  /** More inputs than one chain of sums takes. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void veryManyInputsAreSummedLikeFloats(Kernels kernels) {
    for (WeightFormat format : WeightFormat.values()) {
      Shape shape = new Shape(2, 37, (1 << 15) + 33, Layout.TIGHT, 9);
      RandomGenerator random = shape.random();
      Matrix input = shape.layout().random(shape.rows(), shape.inner(), random);
      PackedMatrix weight = kernels.packTransposed(shape.layout().random(shape.columns(), shape.inner(), random), format);
      float[] bias = Layout.TIGHT.random(1, shape.columns(), random).data();
      Comparisons.assertSameBits(
          format,
          product(kernels, input, kernels.pack(numbers(weight)), bias, Activation.NONE, Layout.TIGHT),
          product(kernels, input, weight, bias, Activation.NONE, Layout.TIGHT));
    }
  }

  private static Matrix product(
      Kernels kernels, Matrix input, PackedMatrix weight, float @Nullable [] bias, Activation activation, Layout layout) {
    Matrix result = layout.blank(input.rows(), weight.outputs());
    kernels.product(input, weight, bias, activation, result);
    return result;
  }
}
