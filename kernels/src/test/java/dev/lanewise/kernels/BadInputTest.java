package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.testing.Comparisons;
import dev.lanewise.kernels.testing.Layout;
import dev.lanewise.kernels.testing.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every wrong call throws before anything is written; the message names the argument and contains both numbers. */
@Tag("once")
class BadInputTest {
  private static final int MAX = Integer.MAX_VALUE;

  /** The arrays of the calls. None may change. */
  private final float[] data = numbers(200);

  private final float[] other = numbers(200);
  private final float[] tiny = numbers(4);

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongViews")
  void wrongViewsAreRefused(String name, Class<? extends Exception> type, Consumer<BadInputTest> call, List<String> words) {
    assertThrowsNaming(type, () -> call.accept(this), words);
  }

  static Stream<Arguments> wrongViews() {
    Table table = new Table(IllegalArgumentException.class);
    table.add("negative offset", t -> view(t.data, -1, 2, 3, 3), "offset is -1", "at least 0");
    table.add("negative rows", t -> view(t.data, 0, -2, 3, 3), "rows is -2", "at least 0");
    table.add("negative columns", t -> view(t.data, 0, 2, -3, 3), "columns is -3", "at least 0");
    table.add("negative stride", t -> view(t.data, 0, 2, 3, -3), "rowStride is -3", "at least 0");
    table.add("array too short", t -> view(t.tiny, 0, 1, 5, 5), "data has 4", "needs 5");
    table.add("array too short for the offset", t -> view(t.tiny, 3, 1, 2, 2), "data has 4", "needs 5");
    table.add("array too short for the last row", t -> view(t.tiny, 0, 2, 2, 3), "data has 4", "needs 5");
    table.add("end wraps to 0", t -> view(t.tiny, 0, 65536, 65536, 65536), "data has 4", "needs 4294967296");
    table.add("end wraps to 2", t -> view(t.tiny, 0, 65537, 2, 65536), "data has 4", "needs 4294967298");
    table.add("offset wraps", t -> view(t.tiny, MAX, 1, 1, 1), "data has 4", "needs 2147483648");
    table.add("largest numbers", t -> view(t.tiny, MAX, MAX, MAX, MAX), "data has 4", "needs 4611686016279904256");
    table.add("dense view wraps", t -> Matrix.of(t.tiny, 65536, 65536), "data has 4", "needs 4294967296");
    table.add("dense view, negative rows", t -> Matrix.of(t.tiny, -1, 2), "rows is -1", "at least 0");
    table.add("dense view, negative columns", t -> Matrix.of(t.tiny, 1, -2), "columns is -2", "at least 0");
    table.add("zeros too large", t -> Matrix.zeros(65536, 32768), "rows is 65536", "columns is 32768", "2147483647");
    table.add("zeros wrap to 0", t -> Matrix.zeros(65536, 65536), "rows is 65536", "columns is 65536");
    table.add("zeros, negative rows", t -> Matrix.zeros(-1, 2), "rows is -1", "columns is 2");
    table.add("zeros, both negative", t -> Matrix.zeros(-1, -2), "rows is -1", "columns is -2");
    table.type = IndexOutOfBoundsException.class;
    table.add("row too far", t -> Matrix.of(t.tiny, 2, 2).get(2, 0), "2", "length 2");
    table.add("negative row", t -> Matrix.of(t.tiny, 2, 2).get(-1, 0), "-1", "length 2");
    table.add("column too far", t -> Matrix.of(t.tiny, 1, 3).get(0, 3), "3", "length 3");
    table.add("rows past the end", t -> Matrix.of(t.tiny, 2, 2).rows(0, 3), "[0, 3)", "length 2");
    table.add("rows before the start", t -> Matrix.of(t.tiny, 2, 2).rows(-1, 1), "[-1, 1)", "length 2");
    table.add("rows the wrong way round", t -> Matrix.of(t.tiny, 2, 2).rows(2, 1), "[2, 1)", "length 2");
    table.type = NullPointerException.class;
    table.add("null array", t -> view(absent(), 0, 1, 1, 1), "data");
    table.add("dense view of a null array", t -> Matrix.of(absent(), 1, 1), "data");
    return table.cases.stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongCalls")
  void wrongCallsAreRefusedBeforeAnythingIsWritten(
      String name, Class<? extends Exception> type, Consumer<BadInputTest> call, List<String> words) {
    assertThrowsNaming(type, () -> call.accept(this), words);
  }

  static Stream<Arguments> wrongCalls() {
    return Comparisons.paths()
        .flatMap(
            path -> {
              Kernels kernels = path.getPayload();
              Table table = new Table(IllegalArgumentException.class);
              rowKernels(kernels, table);
              scores(kernels, table);
              additiveScores(kernels, table);
              output(kernels, table);
              product(kernels, table);
              overlaps(kernels, table);
              table.type = NullPointerException.class;
              nulls(kernels, table);
              return table.cases.stream();
            });
  }

  private static void rowKernels(Kernels kernels, Table table) {
    table.add("exp, rows", t -> kernels.exp(t.in(2, 3), t.out(3, 3)), "result.rows is 3", "x.rows is 2");
    table.add("exp, columns", t -> kernels.exp(t.in(2, 3), t.out(2, 4)), "result.columns is 4", "x.columns is 3");
    table.add("exp, rows on top of each other", t -> kernels.exp(t.in(2, 3), view(t.data, 0, 2, 3, 2)), "result.rowStride is 2", "3");
    table.add("activate, rows", t -> kernels.activate(Activation.GELU, t.in(2, 3), t.out(3, 3)), "result.rows is 3", "x.rows is 2");
    table.add(
        "activate, columns", t -> kernels.activate(Activation.NONE, t.in(2, 3), t.out(2, 4)), "result.columns is 4", "x.columns is 3");
    table.add(
        "activate, rows on top of each other",
        t -> kernels.activate(Activation.RELU, t.in(2, 3), view(t.data, 0, 2, 3, 2)),
        "result.rowStride is 2",
        "3");
    table.add("softmax, rows", t -> kernels.softmax(t.in(2, 3), t.out(1, 3)), "weights.rows is 1", "scores.rows is 2");
    table.add("softmax, columns", t -> kernels.softmax(t.in(2, 3), t.out(2, 2)), "weights.columns is 2", "scores.columns is 3");
    table.add("softmax, one row for all", t -> kernels.softmax(t.in(2, 3), view(t.data, 0, 2, 3, 0)), "weights.rowStride is 0", "3");
    table.add(
        "softmax in place, rows on top of each other",
        t -> kernels.softmax(view(t.data, 0, 4, 3, 2), view(t.data, 0, 4, 3, 2)),
        "weights.rowStride is 2",
        "3");
  }

  private static void scores(Kernels kernels, Table table) {
    table.add("scores, headDim", t -> kernels.scores(t.in(2, 3), t.in(5, 4), 1, t.out(2, 5)), "key.columns is 4", "query.columns is 3");
    table.add("scores, queries", t -> kernels.scores(t.in(2, 3), t.in(5, 3), 1, t.out(3, 5)), "scores.rows is 3", "query.rows is 2");
    table.add("scores, keys", t -> kernels.scores(t.in(2, 3), t.in(5, 3), 1, t.out(2, 6)), "scores.columns is 6", "key.rows is 5");
    table.add(
        "scores, rows on top of each other",
        t -> kernels.scores(t.in(2, 3), t.in(5, 3), 1, view(t.data, 0, 2, 5, 4)),
        "scores.rowStride is 4",
        "5");
  }

  private static void additiveScores(Kernels kernels, Table table) {
    table.add(
        "additive scores, size",
        t -> kernels.additiveScores(t.in(2, 4), t.in(5, 3), t.tiny, t.out(2, 5)),
        "key.columns is 3",
        "query.columns is 4");
    table.add(
        "additive scores, vector",
        t -> kernels.additiveScores(t.in(2, 3), t.in(5, 3), t.tiny, t.out(2, 5)),
        "vector.length is 4",
        "query.columns is 3");
    table.add(
        "additive scores, queries",
        t -> kernels.additiveScores(t.in(2, 4), t.in(5, 4), t.tiny, t.out(3, 5)),
        "scores.rows is 3",
        "query.rows is 2");
    table.add(
        "additive scores, keys",
        t -> kernels.additiveScores(t.in(2, 4), t.in(5, 4), t.tiny, t.out(2, 6)),
        "scores.columns is 6",
        "key.rows is 5");
    table.add(
        "additive scores over vector",
        t -> kernels.additiveScores(t.in(1, 4), t.in(2, 4), t.tiny, view(t.tiny, 2, 1, 2, 2)),
        "scores [2, 4)",
        "vector [0, 4)");
  }

  private static void output(Kernels kernels, Table table) {
    table.add("output, keys", t -> kernels.output(t.in(2, 3), t.in(4, 5), t.out(2, 5)), "value.rows is 4", "weights.columns is 3");
    table.add("output, queries", t -> kernels.output(t.in(2, 3), t.in(3, 5), t.out(1, 5)), "output.rows is 1", "weights.rows is 2");
    table.add("output, valueDim", t -> kernels.output(t.in(2, 3), t.in(3, 5), t.out(2, 4)), "output.columns is 4", "value.columns is 5");
    table.add(
        "output, rows on top of each other",
        t -> kernels.output(t.in(2, 3), t.in(3, 5), view(t.data, 0, 2, 5, 1)),
        "output.rowStride is 1",
        "5");
  }

  private static void product(Kernels kernels, Table table) {
    table.add(
        "product, inputs",
        t -> kernels.product(t.in(2, 3), kernels.pack(t.in(4, 5)), null, t.out(2, 5)),
        "input.columns is 3",
        "weight.inputs is 4");
    table.add(
        "product, inputs of a transposed weight",
        t -> kernels.product(t.in(2, 3), kernels.packTransposed(t.in(5, 4)), null, t.out(2, 5)),
        "input.columns is 3",
        "weight.inputs is 4");
    table.add(
        "product, rows",
        t -> kernels.product(t.in(2, 3), kernels.pack(t.in(3, 5)), null, t.out(3, 5)),
        "result.rows is 3",
        "input.rows is 2");
    table.add(
        "product, outputs",
        t -> kernels.product(t.in(2, 3), kernels.pack(t.in(3, 5)), null, t.out(2, 4)),
        "result.columns is 4",
        "weight.outputs is 5");
    table.add(
        "product, bias too short",
        t -> kernels.product(t.in(2, 3), kernels.pack(t.in(3, 5)), t.tiny, t.out(2, 5)),
        "bias.length is 4",
        "weight.outputs is 5");
    table.add(
        "product, bias too long",
        t -> kernels.product(t.in(2, 3), kernels.pack(t.in(3, 3)), t.tiny, t.out(2, 3)),
        "bias.length is 4",
        "weight.outputs is 3");
    table.add(
        "product, rows on top of each other",
        t -> kernels.product(t.in(2, 3), kernels.pack(t.in(3, 5)), null, view(t.data, 0, 2, 5, 4)),
        "result.rowStride is 4",
        "5");
    table.add(
        "pack, product of sizes", t -> kernels.pack(view(t.other, 0, MAX, 100, 0)), "weight.rows is 2147483647", "weight.columns is 100");
    table.add(
        "pack, padded outputs",
        t -> kernels.packTransposed(view(t.other, 0, MAX, 1, 0)),
        "weight.rows is 2147483647",
        "weight.columns is 1",
        "2147483648");
  }

  private static void overlaps(Kernels kernels, Table table) {
    table.add("exp, overlap by one", t -> kernels.exp(view(t.data, 0, 2, 3, 3), view(t.data, 5, 2, 3, 3)), "result [5, 11)", "x [0, 6)");
    table.add(
        "activate, overlap by one",
        t -> kernels.activate(Activation.TANH, view(t.data, 0, 2, 3, 3), view(t.data, 5, 2, 3, 3)),
        "result [5, 11)",
        "x [0, 6)");
    table.add(
        "exp, in place with another stride",
        t -> kernels.exp(view(t.data, 0, 2, 3, 3), view(t.data, 0, 2, 3, 4)),
        "result [0, 7)",
        "x [0, 6)");
    table.add(
        "softmax, overlap from below",
        t -> kernels.softmax(view(t.data, 1, 2, 3, 3), view(t.data, 0, 2, 3, 3)),
        "weights [0, 6)",
        "scores [1, 7)");
    table.add(
        "softmax, columns of one matrix that meet",
        t -> kernels.softmax(view(t.data, 0, 3, 4, 8), view(t.data, 3, 3, 4, 8)),
        "weights [3, 23)",
        "scores [0, 20)");
    table.add(
        "softmax, columns that meet around the end of a row",
        t -> kernels.softmax(view(t.data, 0, 3, 4, 8), view(t.data, 5, 3, 4, 8)),
        "weights [5, 25)",
        "scores [0, 20)");
    table.add(
        "softmax, a stride that would wrap",
        t -> kernels.softmax(view(t.data, 5, 1, 9, MAX), view(t.data, 10, 1, 9, MAX)),
        "weights [10, 19)",
        "scores [5, 14)");
    table.add(
        "softmax, a stride that would wrap, from below",
        t -> kernels.softmax(view(t.data, 10, 1, 9, MAX), view(t.data, 5, 1, 9, MAX)),
        "weights [5, 14)",
        "scores [10, 19)");
    table.add(
        "scores over query",
        t -> kernels.scores(view(t.data, 0, 2, 3, 3), t.in(5, 3), 1, view(t.data, 5, 2, 5, 5)),
        "scores [5, 15)",
        "query [0, 6)");
    table.add(
        "scores over key",
        t -> kernels.scores(t.in(2, 3), view(t.data, 9, 5, 3, 3), 1, view(t.data, 0, 2, 5, 5)),
        "scores [0, 10)",
        "key [9, 24)");
    table.add(
        "output over weights",
        t -> kernels.output(view(t.data, 0, 2, 3, 3), t.in(3, 5), view(t.data, 5, 2, 5, 5)),
        "output [5, 15)",
        "weights [0, 6)");
    table.add(
        "output over value",
        t -> kernels.output(t.in(2, 3), view(t.data, 9, 3, 5, 5), view(t.data, 0, 2, 5, 5)),
        "output [0, 10)",
        "value [9, 24)");
    table.add(
        "product over input",
        t -> kernels.product(view(t.data, 0, 2, 3, 3), kernels.pack(t.in(3, 3)), null, view(t.data, 0, 2, 3, 3)),
        "result [0, 6)",
        "input [0, 6)");
    table.add(
        "product over bias",
        t -> kernels.product(t.in(1, 3), kernels.pack(t.in(3, 4)), t.tiny, view(t.tiny, 0, 1, 4, 4)),
        "result [0, 4)",
        "bias [0, 4)");
  }

  private static void nulls(Kernels kernels, Table table) {
    table.add("exp of null", t -> kernels.exp(absent(), t.out(1, 1)), "x");
    table.add("exp into null", t -> kernels.exp(t.in(1, 1), absent()), "result");
    table.add("null activation", t -> kernels.activate(absent(), t.in(1, 1), t.out(1, 1)), "activation");
    table.add("activation of null", t -> kernels.activate(Activation.SILU, absent(), t.out(1, 1)), "x");
    table.add("activate into null", t -> kernels.activate(Activation.SILU, t.in(1, 1), absent()), "result");
    table.add("softmax of null", t -> kernels.softmax(absent(), t.out(1, 1)), "scores");
    table.add("softmax into null", t -> kernels.softmax(t.in(1, 1), absent()), "weights");
    table.add("null query", t -> kernels.scores(absent(), t.in(1, 1), 1, t.out(1, 1)), "query");
    table.add("null key", t -> kernels.scores(t.in(1, 1), absent(), 1, t.out(1, 1)), "key");
    table.add("null scores", t -> kernels.scores(t.in(1, 1), t.in(1, 1), 1, absent()), "scores");
    table.add("null vector", t -> kernels.additiveScores(t.in(1, 1), t.in(1, 1), absent(), t.out(1, 1)), "vector");
    table.add("null weights", t -> kernels.output(absent(), t.in(1, 1), t.out(1, 1)), "weights");
    table.add("null value", t -> kernels.output(t.in(1, 1), absent(), t.out(1, 1)), "value");
    table.add("null output", t -> kernels.output(t.in(1, 1), t.in(1, 1), absent()), "output");
    table.add("null input", t -> kernels.product(absent(), kernels.pack(t.in(1, 1)), null, t.out(1, 1)), "input");
    table.add("null packed weight", t -> kernels.product(t.in(1, 1), absent(), null, t.out(1, 1)), "weight");
    table.add("null activation", t -> kernels.product(t.in(1, 1), kernels.pack(t.in(1, 1)), null, absent(), t.out(1, 1)), "activation");
    table.add("null result", t -> kernels.product(t.in(1, 1), kernels.pack(t.in(1, 1)), null, absent()), "result");
    table.add("pack null", t -> kernels.pack(absent()), "weight");
    table.add("pack null transposed", t -> kernels.packTransposed(absent()), "weight");
  }

  /** If the panels of both paths have the same width (8 columns), each path accepts the other's weights; otherwise it refuses them. */
  @Test
  void aWeightPackedByTheOtherPathIsRefusedWherePanelsDiffer() {
    PackedMatrix packed = Kernels.scalar().pack(in(3, 5));
    int panelWidth = Kernels.selected().pack(in(3, 5)).panelWidth();
    if (packed.panelWidth() == panelWidth) {
      Matrix expected = Matrix.zeros(2, 5);
      Kernels.scalar().product(in(2, 3), packed, null, expected);
      Matrix actual = Matrix.zeros(2, 5);
      Kernels.selected().product(in(2, 3), packed, null, actual);
      Comparisons.assertSameBits("whole numbers", expected, actual);
    } else {
      assertThrowsNaming(
          IllegalArgumentException.class,
          () -> Kernels.selected().product(in(2, 3), packed, null, out(2, 5)),
          List.of("weight.panelWidth is 8", "panel width of " + Kernels.selected().path(), "is " + panelWidth));
    }
  }

  @Test
  void columnBlocksOfOneMatrixMayBeReadAndWritten() {
    Comparisons.paths()
        .map(path -> path.getPayload())
        .forEach(
            kernels -> {
              Matrix whole = Layout.TIGHT.random(9, 8, Shape.ofRows().getFirst().random());
              Matrix left = view(whole.data(), 0, 9, 4, 8);
              Matrix right = view(whole.data(), 4, 9, 4, 8);
              Matrix leftBefore = Layout.TIGHT.copyOf(left);
              Matrix expected = Matrix.zeros(9, 4);
              kernels.softmax(leftBefore, expected);
              kernels.softmax(left, right);
              Comparisons.assertSameBits("right half", expected, right);
              Comparisons.assertSameBits("left half", leftBefore, left);
            });
  }

  private void assertThrowsNaming(Class<? extends Exception> type, Runnable call, List<String> words) {
    var thrown = assertThatThrownBy(call::run).isInstanceOf(type);
    if (type == NullPointerException.class) {
      thrown.hasMessage(words.getFirst()); // the message of the JVM itself could contain the name by chance
    } else {
      thrown.message().contains(words);
    }
    assertThat(data).isEqualTo(numbers(data.length));
    assertThat(other).isEqualTo(numbers(other.length));
    assertThat(tiny).isEqualTo(numbers(tiny.length));
  }

  private Matrix in(int rows, int columns) {
    return Matrix.of(other, rows, columns);
  }

  private Matrix out(int rows, int columns) {
    return Matrix.of(data, rows, columns);
  }

  private static Matrix view(float[] data, int offset, int rows, int columns, int rowStride) {
    return new Matrix(data, offset, rows, columns, rowStride);
  }

  /** A null whose type says that it is not null. */
  @SuppressWarnings("NullAway")
  private static <T> T absent() {
    return null;
  }

  private static float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = i % 7;
    }
    return numbers;
  }

  private static final class Table {
    private final List<Arguments> cases = new ArrayList<>();
    private Class<? extends Exception> type;

    Table(Class<? extends Exception> type) {
      this.type = type;
    }

    void add(String name, Consumer<BadInputTest> call, String... words) {
      cases.add(Arguments.of(name, type, call, List.of(words)));
    }
  }
}
