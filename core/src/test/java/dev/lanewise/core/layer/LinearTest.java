package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Projections with difficult shapes and layouts compared with a product in double. */
class LinearTest {
  private static final int LANES = Kernels.selected().lanes();

  /** A projection and its input; weight and bias depend only on the seed. */
  private record Case(int batch, int rows, int inputs, int outputs, Layout layout, boolean biased) {
    static Case of(int rows, int inputs, int outputs) {
      return new Case(1, rows, inputs, outputs, Layout.DENSE, true);
    }

    Case batch(int newBatch) {
      return new Case(newBatch, rows, inputs, outputs, layout, biased);
    }

    Case layout(Layout newLayout) {
      return new Case(batch, rows, inputs, outputs, newLayout, biased);
    }

    Case unbiased() {
      return new Case(batch, rows, inputs, outputs, layout, false);
    }

    float[] weight() {
      return Views.randomArray(outputs * inputs, 1, Problem.SEED + 11);
    }

    float @Nullable [] bias() {
      return biased ? Views.randomArray(outputs, 1, Problem.SEED + 12) : null;
    }

    Linear linear() {
      return Linear.of(weight(), bias(), inputs, outputs);
    }

    SequenceBatch input() {
      return Views.randomSequences(layout, batch, rows, inputs, Problem.SEED + 13);
    }

    SequenceBatch emptyOutput() {
      return Views.emptySequences(layout, batch, rows, outputs);
    }

    SequenceBatch apply(int threads) {
      SequenceBatch output = emptyOutput();
      linear().withThreads(threads).forward(input(), output);
      return output;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "batch %d, %d x %d -> %d, %s, %s, seed %d",
          batch,
          rows,
          inputs,
          outputs,
          layout,
          biased ? "bias" : "no bias",
          Problem.SEED);
    }
  }

  static Stream<Case> cases() {
    int[] sizes = {1, Math.max(1, LANES - 1), LANES, LANES + 1, 59};
    Stream<Case> grid =
        Arrays.stream(sizes)
            .boxed()
            .flatMap(
                rows ->
                    Arrays.stream(sizes)
                        .boxed()
                        .flatMap(inputs -> Arrays.stream(sizes).mapToObj(outputs -> Case.of(rows, inputs, outputs))));
    Stream<Case> large =
        Stream.of(
            Case.of(113, 203, 111),
            Case.of(3, 1025, 7),
            Case.of(1025, 3, 5),
            Case.of(7, 5, 1025),
            Case.of(97, 64, 385),
            Case.of(0, 5, 7),
            Case.of(5, 7, 3).batch(0));
    Stream<Case> layouts =
        Arrays.stream(Layout.values())
            .flatMap(
                layout ->
                    Stream.of(
                        Case.of(17, 40, 59).layout(layout),
                        Case.of(1, 16, 16).batch(5).layout(layout),
                        Case.of(33, 59, 203).batch(3).layout(layout),
                        Case.of(7, 24, 48).batch(2).layout(layout)));
    return Stream.of(grid, large, layouts).flatMap(all -> all).flatMap(all -> Stream.of(all, all.unbiased()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithTheProductInDouble(Case problem) {
    SequenceBatch input = problem.input();
    SequenceBatch output = problem.apply(1);
    Views.assertOnlyTheViewWritten(output.split(1), problem);
    Budget.assertWithin(
        problem,
        Views.dense(output),
        product(ReferenceLayers.inFloat(), input, problem),
        product(ReferenceLayers.inDouble(), input, problem));
  }

  /** A dense input with an output that has gaps, and the reverse. */
  @Test
  void layoutsMayDiffer() {
    Case dense = Case.of(7, 24, 203).batch(3);
    Case gaps = dense.layout(Layout.GAPS);
    float[] expected = dense.apply(1).data();
    SequenceBatch scattered = gaps.emptyOutput();
    dense.linear().forward(dense.input(), scattered);
    Views.assertOnlyTheViewWritten(scattered.split(1), gaps);
    Views.assertSameBits(Views.dense(scattered), expected, "dense to gaps");
    SequenceBatch collected = dense.emptyOutput();
    dense.linear().forward(gaps.input(), collected);
    Views.assertSameBits(collected.data(), expected, "gaps to dense");
  }

  /** Query, key and value in columns of one array: each projection writes only its own columns, and may read others. */
  @Test
  void columnsOfOneArray() {
    Case problem = Case.of(17, 24, 40);
    SequenceBatch packed = Views.emptySequences(Layout.DENSE, 1, 17, 100);
    SequenceBatch input = new SequenceBatch(packed.data(), 3, 1, 17, 24, 1700, 100);
    SequenceBatch output = new SequenceBatch(packed.data(), 50, 1, 17, 40, 1700, 100);
    float[] numbers = Views.dense(problem.input());
    for (int row = 0; row < 17; row++) {
      System.arraycopy(numbers, row * 24, packed.data(), input.index(0, row), 24);
    }
    problem.linear().forward(input, output);
    Views.assertSameBits(Views.dense(output), problem.apply(1).data(), problem);
    Views.assertSameBits(Views.dense(input), numbers, "input of " + problem);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7})
  void threadsDoNotChangeBits(int threads) {
    Case problem = Case.of(203, 111, 385).batch(2).layout(Layout.GAPS);
    Views.assertSameBits(problem.apply(threads).data(), problem.apply(1).data(), threads + " threads, " + problem);
  }

  @Test
  void rowsAloneHaveTheSameBits() {
    Case problem = Case.of(113, 203, 59);
    SequenceBatch input = problem.input();
    SequenceBatch all = problem.apply(1);
    Linear linear = problem.linear();
    for (int row : IntStream.concat(IntStream.range(0, 17), IntStream.range(90, 113)).toArray()) {
      SequenceBatch alone = SequenceBatch.zeros(1, 1, 59);
      linear.forward(new SequenceBatch(input.data(), input.index(0, row), 1, 1, 203, 0, 203), alone);
      Views.assertSameBits(alone.data(), Arrays.copyOfRange(all.data(), row * 59, (row + 1) * 59), "row " + row + ", " + problem);
    }
  }

  @Test
  void nanAffectsOnlyItsRow() {
    Case problem = Case.of(33, 40, 59);
    SequenceBatch input = problem.input();
    input.data()[input.index(0, 20) + 39] = Float.NaN;
    SequenceBatch output = problem.emptyOutput();
    problem.linear().forward(input, output);
    SequenceBatch clean = problem.apply(1);
    for (int column = 0; column < 59; column++) {
      assertThat(output.get(0, 20, column)).as("column %d, %s", column, problem).isNaN();
      output.data()[output.index(0, 20) + column] = clean.get(0, 20, column);
    }
    Views.assertSameBits(output.data(), clean.data(), "rows beside the one of NaN, " + problem);
  }

  @Test
  void keepsItsOwnCopyOfWeights() {
    Case problem = Case.of(3, 5, 7);
    float[] weight = problem.weight();
    float[] bias = Views.randomArray(7, 1, Problem.SEED + 12);
    Linear linear = Linear.of(weight, bias, 5, 7);
    Arrays.fill(weight, 99);
    Arrays.fill(bias, 99);
    SequenceBatch output = problem.emptyOutput();
    linear.forward(problem.input(), output);
    Views.assertSameBits(output.data(), problem.apply(1).data(), problem);
    assertThat(linear.inputs()).isEqualTo(5);
    assertThat(linear.outputs()).isEqualTo(7);
  }

  /** The activation is that of the kernels, on any number of threads; the original projection stays without one. */
  @ParameterizedTest
  @EnumSource
  void appliesTheActivation(Activation activation) {
    for (Case problem : List.of(Case.of(1, 24, 385), Case.of(7, 40, 59).layout(Layout.GAPS), Case.of(203, 111, 385).batch(2))) {
      Linear linear = problem.linear();
      Linear activated = linear.withActivation(activation);
      SequenceBatch plain = problem.emptyOutput();
      linear.forward(problem.input(), plain);
      Matrix expected = Matrix.of(Views.dense(plain), problem.batch() * problem.rows(), problem.outputs());
      Kernels.selected().activate(activation, expected, expected);
      for (int threads : new int[] {1, 2, 3}) {
        SequenceBatch output = problem.emptyOutput();
        activated.withThreads(threads).forward(problem.input(), output);
        Views.assertOnlyTheViewWritten(output.split(1), problem);
        Views.assertSameBits(Views.dense(output), expected.data(), activation + ", " + threads + " threads, " + problem);
      }
      SequenceBatch again = problem.emptyOutput();
      activated.withActivation(Activation.NONE).forward(problem.input(), again);
      Views.assertSameBits(Views.dense(again), Views.dense(plain), "without " + activation + ", " + problem);
    }
  }

  private static double[] product(ReferenceLayers layers, SequenceBatch input, Case problem) {
    return IntStream.range(0, input.batch())
        .mapToObj(b -> layers.linear(ReferenceLayers.rows(input, b), problem.weight(), problem.bias()))
        .flatMapToDouble(rows -> Arrays.stream(ReferenceLayers.flat(rows)))
        .toArray();
  }
}
