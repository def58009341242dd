package dev.lanewise.core.pooling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The plain baselines, a mean and a dense layer over neighbours, compared with their formulas in double. */
@Tag("twice")
class NeighbourTest {
  private static final long SEED = Problem.SEED;
  private static final int WIDTH = 10;
  private static final float[] WEIGHT = Views.randomArray(7 * 4 * WIDTH, 0.3, SEED + 1);
  private static final float[] BIAS = Views.randomArray(7, 0.3, SEED + 2);

  /** A baseline, with its formula for row i of a sequence. */
  record Kind(Neighbours layer, int outputs, Formula formula) {
    @Override
    public String toString() {
      return layer.toString();
    }
  }

  @FunctionalInterface
  interface Formula {
    double[] row(float[][] x, int i);
  }

  static List<Kind> kinds() {
    int all = Integer.MAX_VALUE;
    List<Kind> kinds = new ArrayList<>();
    for (int[] window : new int[][] {{0, 0}, {2, 1}, {0, 5}, {all, 0}, {3, all}, {all, all}}) {
      kinds.add(mean(Neighbours.mean(window[0], window[1]), window[0], window[1]));
    }
    kinds.add(mean(Neighbours.mean(2, 2).withKernels(Kernels.scalar()), 2, 2));
    kinds.add(mean(Neighbours.mean(2, all).withThreads(3), 2, all));
    for (int left = 0; left < 4; left++) {
      Neighbours dense = Neighbours.dense(Linear.of(WEIGHT, BIAS, 4 * WIDTH, 7), left, 3 - left).withThreads(2);
      int before = left;
      kinds.add(new Kind(dense, 7, (rows, i) -> dense(rows, i - before)));
    }
    return kinds;
  }

  private static Kind mean(Neighbours mean, int left, int right) {
    return new Kind(mean, WIDTH, (rows, i) -> mean(rows, i, left, right));
  }

  private static double[] mean(float[][] rows, int i, int left, int right) {
    double[] sum = new double[WIDTH];
    int count = 0;
    for (int j = 0; j < rows.length; j++) {
      if ((left < 0 || i - (long) j <= left) && (right < 0 || j - (long) i <= right)) {
        count++;
        for (int c = 0; c < WIDTH; c++) {
          sum[c] += rows[j][c];
        }
      }
    }
    int total = count;
    return Arrays.stream(sum).map(x -> x / total).toArray();
  }

  private static double[] dense(float[][] rows, int first) {
    double[] result = new double[7];
    for (int o = 0; o < 7; o++) {
      result[o] = BIAS[o];
      for (int element = 0; element < 4 * WIDTH; element++) {
        int row = first + element / WIDTH;
        result[o] += row < 0 || row >= rows.length ? 0 : (double) WEIGHT[o * 4 * WIDTH + element] * rows[row][element % WIDTH];
      }
    }
    return result;
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void equalsItsFormula(Kind kind) {
    for (int rows : new int[] {0, 1, 3, 40}) {
      SequenceBatch x = Views.randomSequences(Layout.GAPS, 2, rows, WIDTH, SEED);
      SequenceBatch output = Views.emptySequences(Layout.GAPS, 2, rows, kind.outputs);
      kind.layer.forward(x, output);
      check(kind, rows(x, 1, 0, rows), output, 1, 0);
      Views.assertOnlyTheViewWritten(output.split(1), kind);
    }
  }

  private static float[][] rows(SequenceBatch x, int b, int from, int count) {
    float[][] rows = new float[count][];
    for (int i = 0; i < count; i++) {
      rows[i] = Arrays.copyOfRange(x.data(), x.index(b, from + i), x.index(b, from + i) + x.width());
    }
    return rows;
  }

  private static void check(Kind kind, float[][] rows, SequenceBatch output, int b, int first) {
    for (int i = 0; i < rows.length; i++) {
      double[] expected = kind.formula.row(rows, i);
      for (int c = 0; c < kind.outputs; c++) {
        assertThat((double) output.get(b, first + i, c)).as("%d of row %d", c, i).isCloseTo(expected[c], within(3e-6));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void paddingIsNotReadAndBecomesZero(Kind kind) {
    int[] lengths = {6, 0, 9};
    SequenceBatch x = Views.randomSequences(Layout.GAPS, 3, 9, WIDTH, SEED);
    for (int b = 0; b < 3; b++) {
      for (int row = lengths[b]; row < 9; row++) {
        Arrays.fill(x.data(), x.index(b, row), x.index(b, row) + WIDTH, Float.NaN);
      }
    }
    SequenceBatch output = Views.emptySequences(Layout.GAPS, 3, 9, kind.outputs);
    kind.layer.withLengths(lengths).forward(x, output);
    Views.assertOnlyTheViewWritten(output.split(1), kind);
    for (int b = 0; b < 3; b++) {
      check(kind, rows(x, b, 0, lengths[b]), output, b, 0);
      for (float[] row : rows(output, b, lengths[b], 9 - lengths[b])) {
        assertThat(row).containsOnly(0f);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void packedEqualsSingleSequences(Kind kind) {
    int[] starts = {0, 1, 1, 30, 36};
    SequenceBatch x = Views.randomSequences(Layout.GAPS, 1, 36, WIDTH, SEED);
    SequenceBatch output = Views.emptySequences(Layout.GAPS, 1, 36, kind.outputs);
    kind.layer.withPackedSequences(PackedSequences.of(starts)).forward(x, output);
    Views.assertOnlyTheViewWritten(output.split(1), kind);
    for (int s = 0; s < 4; s++) {
      int count = starts[s + 1] - starts[s];
      check(kind, rows(x, 0, starts[s], count), output, 0, starts[s]);
      SequenceBatch own = x.rows(starts[s], starts[s] + count);
      SequenceBatch alone = SequenceBatch.zeros(1, count, kind.outputs);
      kind.layer.forward(own, alone);
      SequenceBatch part = output.rows(starts[s], starts[s] + count);
      Views.assertSameBits(Views.dense(part), alone.data(), "sequence " + s + " of " + kind);
    }
  }

  @Test
  void meanOfAllIsPooling() {
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 13, WIDTH, SEED);
    SequenceBatch pooled = SequenceBatch.zeros(2, 1, WIDTH);
    Pooling.mean().forward(x, pooled);
    SequenceBatch means = SequenceBatch.zeros(2, 13, WIDTH);
    Neighbours.mean(Integer.MAX_VALUE, Integer.MAX_VALUE).forward(x, means);
    for (int row = 0; row < 13; row++) {
      assertThat(rows(means, 1, row, 1)[0]).isEqualTo(rows(pooled, 1, 0, 1)[0]);
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    SequenceBatch x = SequenceBatch.zeros(2, 3, 4);
    Neighbours mean = Neighbours.mean(1, 1);
    Linear linear = Linear.of(new float[24], null, 12, 2);
    Neighbours dense = Neighbours.dense(linear, 1, 1);
    List.of(
            Wrong.argument("left", out -> Neighbours.mean(-1, 1), "left", "-1", "0"),
            Wrong.argument("right", out -> Neighbours.mean(1, -2), "right", "-2", "0"),
            Wrong.argument("window", out -> Neighbours.dense(linear, 3, 1), "linear.inputs", "12", "5"),
            Wrong.argument("left", out -> Neighbours.dense(linear, -1, 1), "left", "-1", "0"),
            Wrong.argument("right", out -> Neighbours.dense(linear, 1, -1), "right", "-1", "0"),
            Wrong.argument("threads", out -> dense.withThreads(0), "threads", "0", "1"),
            Wrong.argument("width", out -> mean.forward(x, SequenceBatch.of(out, 2, 3, 5)), "output.width", "5", "4"),
            Wrong.argument("rows", out -> mean.forward(x, SequenceBatch.of(out, 2, 4, 4)), "output.rows", "4", "3"),
            Wrong.argument("batch", out -> mean.forward(x, SequenceBatch.of(out, 3, 3, 4)), "output.batch", "3", "2"),
            Wrong.argument("overlap", out -> mean.forward(to(out), to(out)), "output", "overlaps", "x"),
            Wrong.argument("lengths", out -> mean.withLengths(4, 1).forward(x, to(out)), "lengths[0]", "4", "3"),
            Wrong.argument("packed", out -> mean.withPackedSequences(PackedSequences.of(0, 3)).forward(x, to(out)), "x.batch", "2", "1"),
            Wrong.argument("x", out -> dense.forward(SequenceBatch.zeros(2, 3, 5), SequenceBatch.of(out, 2, 3, 2)), "x.width", "5", "4"),
            Wrong.argument("output", out -> dense.forward(x, to(out)), "output.width", "4", "2"),
            Wrong.isNull("linear", out -> Neighbours.dense(Wrong.nothing(), 1, 1)),
            Wrong.isNull("x", out -> mean.forward(Wrong.nothing(), to(out))),
            Wrong.isNull("output", out -> mean.forward(x, Wrong.nothing())),
            Wrong.isNull("kernels", out -> mean.withKernels(Wrong.nothing())))
        .forEach(Wrong::verify);
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 3, 4);
  }

  @Test
  void examplesCompile() throws IOException {
    List<String> shown = ReadmeBlocks.shownInJavadoc("Neighbours.java");
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("NeighbourExample.java")).hasSize(2);
  }

  @Test
  void examplesRun() {
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, 6, 4, SEED);
    SequenceBatch output = SequenceBatch.zeros(1, 6, 4);
    NeighbourExample.mean(x, output);
    assertThat(output.get(0, 1, 2)).isCloseTo((x.get(0, 0, 2) + x.get(0, 1, 2)) / 2, within(1e-6f));
    float[] bias = {-1, 2, 3, 4};
    NeighbourExample.dense(new float[80], bias, x, output);
    assertThat(rows(output, 0, 5, 1)[0]).containsExactly(0, 2, 3, 4);
  }
}
