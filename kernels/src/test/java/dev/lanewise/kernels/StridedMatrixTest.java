package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.HeadsLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel with matrices of any columnStride: the bits of a call with dense matrices, and nothing written outside of the results. */
@Tag("twice")
class StridedMatrixTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final int ROWS = 37;
  private static final int COLUMNS = 45;

  private final SplittableRandom random = new SplittableRandom(20261129);

  /** A matrix with random elements in one of the layouts. */
  private Matrix matrix(HeadsLayout layout, int rows, int columns) {
    return layout.random(1, 1, rows, columns, random).matrix(0, 0, 0, rows);
  }

  private static Matrix dense(Matrix x) {
    Matrix dense = Matrix.zeros(x.rows(), x.columns());
    x.copyTo(dense);
    return dense;
  }

  /** A kernel that reads matrices and writes others. */
  private interface Call {
    void run(Kernels kernels, Matrix[] in, Matrix... out);
  }

  private record Case(String name, Call call, int[][] in, int[][] out) {}

  private static List<Case> cases(Kernels kernels) {
    float[] row = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      row[i] = i - 7;
    }
    int[] shape = {ROWS, COLUMNS};
    int[][] one = {shape};
    int[][] two = {shape, shape};
    List<Case> cases = new ArrayList<>();
    cases.add(new Case("exp", (k, in, out) -> k.exp(in[0], out[0]), one, one));
    cases.add(new Case("activate", (k, in, out) -> k.activate(Activation.GELU, in[0], out[0]), one, one));
    cases.add(new Case("gate", (k, in, out) -> k.gate(Activation.SILU, in[0], in[1], out[0]), two, one));
    cases.add(new Case("layerNorm", (k, in, out) -> k.layerNorm(in[0], row, row, 1e-5f, out[0]), one, one));
    cases.add(new Case("addLayerNorm", (k, in, out) -> k.addLayerNorm(in[0], in[1], out[0], row, null, 1e-5f, out[1]), two, two));
    cases.add(new Case("rmsNorm", (k, in, out) -> k.rmsNorm(in[0], row, 1e-5f, out[0]), one, one));
    cases.add(new Case("addRmsNorm", (k, in, out) -> k.addRmsNorm(in[0], in[1], out[0], null, 1e-5f, out[1]), two, two));
    cases.add(new Case("softmax", (k, in, out) -> k.softmax(in[0], out[0]), one, one));
    cases.add(new Case("logSoftmax", (k, in, out) -> k.logSoftmax(in[0], out[0]), one, one));
    cases.add(
        new Case(
            "scores", (k, in, out) -> k.scores(in[0], in[1], 0.3f, out[0]), new int[][] {{ROWS, 9}, {19, 9}}, new int[][] {{ROWS, 19}}));
    cases.add(
        new Case(
            "additiveScores",
            (k, in, out) -> k.additiveScores(in[0], in[1], Arrays.copyOf(row, 9), out[0]),
            new int[][] {{ROWS, 9}, {19, 9}},
            new int[][] {{ROWS, 19}}));
    cases.add(
        new Case("output", (k, in, out) -> k.output(in[0], in[1], out[0]), new int[][] {{ROWS, 19}, {19, 9}}, new int[][] {{ROWS, 9}}));
    PackedMatrix weight = kernels.packTransposed(HeadsLayout.DENSE.random(1, 1, 11, COLUMNS, new SplittableRandom(3)).matrix(0, 0, 0, 11));
    cases.add(new Case("product", (k, in, out) -> k.product(in[0], weight, null, Activation.TANH, out[0]), one, new int[][] {{ROWS, 11}}));
    return cases;
  }

  private static Matrix[] map(Matrix[] matrices, UnaryOperator<Matrix> function) {
    return Arrays.stream(matrices).map(function).toArray(Matrix[]::new);
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void everyKernelReadsAndWritesAnyColumnStride(Kernels kernels) {
    for (Case one : cases(kernels)) {
      for (HeadsLayout from : HeadsLayout.values()) {
        for (HeadsLayout to : HeadsLayout.values()) {
          String what = one.name + " from " + from + " to " + to;
          Matrix[] in = Arrays.stream(one.in).map(shape -> matrix(from, shape[0], shape[1])).toArray(Matrix[]::new);
          Heads[] views = Arrays.stream(one.out).map(shape -> to.blank(1, 1, shape[0], shape[1])).toArray(Heads[]::new);
          Matrix[] expected = Arrays.stream(one.out).map(shape -> Matrix.zeros(shape[0], shape[1])).toArray(Matrix[]::new);
          one.call.run(kernels, map(in, StridedMatrixTest::dense), expected);
          one.call.run(kernels, in, Arrays.stream(views).map(view -> view.matrix(0, 0, 0, view.rows())).toArray(Matrix[]::new));
          for (int i = 0; i < views.length; i++) {
            Comparisons.assertSameBits(what, expected[i], views[i].matrix(0, 0, 0, views[i].rows()));
            HeadsLayout.assertFrameIntact(what, views[i]);
          }
        }
      }
    }
  }

  /** A result may be the first operand; a norm replaces the sum that it shares. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void resultsMayBeInPlace(Kernels kernels) {
    for (Case one : cases(kernels)) {
      if (!Arrays.equals(one.in[0], one.out[0])) {
        continue;
      }
      for (HeadsLayout layout : HeadsLayout.values()) {
        Matrix[] in = Arrays.stream(one.in).map(shape -> matrix(layout, shape[0], shape[1])).toArray(Matrix[]::new);
        Matrix[] expected = Arrays.stream(one.out).map(shape -> Matrix.zeros(shape[0], shape[1])).toArray(Matrix[]::new);
        one.call.run(kernels, map(in, StridedMatrixTest::dense), expected);
        Matrix[] out = new Matrix[one.out.length];
        Arrays.fill(out, in[0]);
        one.call.run(kernels, in, out);
        Comparisons.assertSameBits(one.name + " in place, " + layout, expected[expected.length - 1], in[0]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(PATHS)
  void weightsArePackedFromAnyColumnStride(Kernels kernels) {
    Matrix weight = matrix(HeadsLayout.APART, 13, COLUMNS);
    Matrix input = matrix(HeadsLayout.DENSE, ROWS, 13);
    Matrix expected = Matrix.zeros(ROWS, COLUMNS);
    kernels.product(input, kernels.pack(dense(weight)), null, expected);
    for (PackedMatrix packed : List.of(kernels.pack(weight), kernels.packTransposed(weight.transposed()))) {
      Matrix actual = Matrix.zeros(ROWS, COLUMNS);
      kernels.product(input, packed, null, actual);
      Comparisons.assertSameBits("packed", expected, actual);
    }
  }

  /** The columns of one array may be written while others are read, if no element is shared. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void overlapIsRefusedAndInterleavedColumnsAreNot(Kernels kernels) {
    float[] data = new float[400];
    Matrix even = new Matrix(data, 0, 10, 20, 40, 2);
    Matrix odd = new Matrix(data, 1, 10, 20, 40, 2);
    kernels.exp(even, odd);
    assertThat(even.get(3, 4)).isZero();
    assertThat(odd.get(3, 4)).isEqualTo(1);
    float[] before = data.clone();
    assertThatThrownBy(() -> kernels.exp(even, new Matrix(data, 1, 10, 20, 20, 1))).hasMessageContaining("overlaps x [0, 399)");
    assertThatThrownBy(() -> kernels.exp(even, even.transposed())).hasMessage("result.rows is 20, but x.rows is 10");
    assertThatThrownBy(() -> kernels.exp(Matrix.zeros(10, 20), new Matrix(data, 0, 10, 20, 2, 2)))
        .hasMessage("result.rowStride is 2, but a view that is written needs at least 39");
    assertThatThrownBy(() -> kernels.exp(Matrix.zeros(10, 20), new Matrix(data, 0, 10, 20, 20, 0)))
        .hasMessage("result.columnStride is 0, but a view that is written needs at least 1");
    assertThat(data).isEqualTo(before);
  }
}
