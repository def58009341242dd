package dev.lanewise.core.pooling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention of a recurrent decoder compared with the formulas of Bahdanau and Luong in double. */
@Tag("twice")
class RecurrentAttentionTest {
  private static final long SEED = Problem.SEED;
  private static final int BATCH = 3;
  private static final int LENGTH = 21;
  private static final int WIDTH = 12;
  private static final int SIZE = 7;

  /** A comparison of states, with its widths and its formula. */
  record Kind(RecurrentAttention.Scores scores, int stateDim, Formula formula) {
    @Override
    public String toString() {
      return scores.toString();
    }
  }

  @FunctionalInterface
  interface Formula {
    double score(double[] s, double[] h);
  }

  static List<Kind> kinds() {
    float[] general = Views.randomArray(5 * WIDTH, 0.3, SEED);
    float[] w = Views.randomArray(SIZE * 5, 0.5, SEED + 1);
    float[] u = Views.randomArray(SIZE * WIDTH, 0.5, SEED + 2);
    float[] bias = Views.randomArray(SIZE, 0.5, SEED + 3);
    float[] v = Views.randomArray(SIZE, 1, SEED + 4);
    return List.of(
        new Kind(RecurrentAttention.Scores.dot(), WIDTH, (s, h) -> dot(s, h)),
        new Kind(RecurrentAttention.Scores.general(Linear.of(general, null, WIDTH, 5)), 5, (s, h) -> dot(s, product(general, h))),
        new Kind(
            RecurrentAttention.Scores.additive(Linear.of(w, bias, 5, SIZE), Linear.of(u, null, WIDTH, SIZE), v),
            5,
            (s, h) -> {
              double[] left = product(w, s);
              double[] right = product(u, h);
              double sum = 0;
              for (int a = 0; a < SIZE; a++) {
                sum += v[a] * Math.tanh(left[a] + bias[a] + right[a]);
              }
              return sum;
            }));
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** The product of a matrix, with rows as long as {@code x}, and x. */
  private static double[] product(float[] matrix, double[] x) {
    double[] result = new double[matrix.length / x.length];
    for (int i = 0; i < matrix.length; i++) {
      result[i / x.length] += matrix[i] * x[i % x.length];
    }
    return result;
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void equalsItsFormulaStepByStep(Kind kind) {
    int[] lengths = {LENGTH, 4, 0};
    SequenceBatch states = Views.randomSequences(Layout.GAPS, BATCH, LENGTH, WIDTH, SEED + 5);
    for (int b = 0; b < BATCH; b++) {
      for (int row = lengths[b]; row < LENGTH; row++) {
        Arrays.fill(states.data(), states.index(b, row), states.index(b, row) + WIDTH, Float.NaN);
      }
    }
    RecurrentAttention attention = RecurrentAttention.of(kind.scores, states).withLengths(lengths);
    double[][][] h = rows(states);
    Arrays.fill(states.data(), Float.NaN); // the states have been copied
    for (int step = 0; step < 3; step++) {
      SequenceBatch state = Views.randomSequences(Layout.GAPS, BATCH, 1, kind.stateDim, SEED + 10 + step);
      SequenceBatch context = Views.emptySequences(Layout.GAPS, BATCH, 1, WIDTH);
      Heads weights = Heads.zeros(BATCH, 1, 1, LENGTH);
      attention.forward(state, Results.of().withOutput(context.split(1)).withWeights(weights));
      for (int b = 0; b < BATCH; b++) {
        check(kind, rows(state)[b][0], Arrays.copyOf(h[b], lengths[b]), b, weights, context);
      }
      Views.assertOnlyTheViewWritten(context.split(1), kind);

      SequenceBatch alone = SequenceBatch.zeros(BATCH, 1, WIDTH);
      attention.forward(state, alone);
      for (int b = 0; b < BATCH; b++) {
        check(kind, rows(state)[b][0], Arrays.copyOf(h[b], lengths[b]), b, weights, alone);
      }
      SequenceBatch threads = SequenceBatch.zeros(BATCH, 1, WIDTH);
      attention.withThreads(2).forward(state, threads);
      Views.assertSameBits(threads.data(), alone.data(), kind);
      SequenceBatch scalar = SequenceBatch.zeros(BATCH, 1, WIDTH);
      attention.withKernels(Kernels.scalar()).forward(state, scalar);
      for (int b = 0; b < BATCH; b++) {
        check(kind, rows(state)[b][0], Arrays.copyOf(h[b], lengths[b]), b, weights, scalar);
      }
      Heads weightsAlone = Heads.zeros(BATCH, 1, 1, LENGTH);
      attention.forward(state, Results.of().withWeights(weightsAlone));
      Views.assertSameBits(weightsAlone.data(), weights.data(), kind);
    }
  }

  private static double[][][] rows(SequenceBatch x) {
    double[][][] rows = new double[x.batch()][x.rows()][x.width()];
    for (int b = 0; b < x.batch(); b++) {
      for (int row = 0; row < x.rows(); row++) {
        for (int i = 0; i < x.width(); i++) {
          rows[b][row][i] = x.get(b, row, i);
        }
      }
    }
    return rows;
  }

  private static void check(Kind kind, double[] s, double[][] h, int b, Heads weights, SequenceBatch context) {
    double[] expected = new double[LENGTH];
    double sum = 0;
    for (int j = 0; j < h.length; j++) {
      expected[j] = Math.exp(kind.formula.score(s, h[j]));
      sum += expected[j];
    }
    double[] mean = new double[WIDTH];
    for (int j = 0; j < LENGTH; j++) {
      expected[j] = j < h.length ? expected[j] / sum : 0;
      assertThat((double) weights.get(b, 0, 0, j)).as("weight %d of %d", j, b).isCloseTo(expected[j], within(3e-6));
      for (int i = 0; i < WIDTH && j < h.length; i++) {
        mean[i] += expected[j] * h[j][i];
      }
    }
    for (int i = 0; i < WIDTH; i++) {
      assertThat((double) context.get(b, 0, i)).as("context %d of %d", i, b).isCloseTo(mean[i], within(1e-5));
    }
  }

  /** Several steps whose states are known may be one call. */
  @ParameterizedTest
  @MethodSource("kinds")
  void stepsInOneCallEqualSingleSteps(Kind kind) {
    RecurrentAttention attention = RecurrentAttention.of(kind.scores, Views.randomSequences(Layout.DENSE, 1, LENGTH, WIDTH, SEED + 5));
    SequenceBatch steps = Views.randomSequences(Layout.DENSE, 1, 4, kind.stateDim, SEED + 6);
    SequenceBatch together = SequenceBatch.zeros(1, 4, WIDTH);
    attention.forward(steps, together);
    for (int step = 0; step < 4; step++) {
      SequenceBatch context = SequenceBatch.zeros(1, 1, WIDTH);
      attention.forward(steps.rows(step, step + 1), context);
      for (int i = 0; i < WIDTH; i++) {
        assertThat(context.get(0, 0, i)).isCloseTo(together.get(0, step, i), within(2e-6f));
      }
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    Linear w = Linear.of(new float[10], null, 5, 2);
    Linear u = Linear.of(new float[8], null, 4, 2);
    SequenceBatch states = SequenceBatch.zeros(2, 3, 4);
    RecurrentAttention.Scores additive = RecurrentAttention.Scores.additive(w, u, 1, 2);
    RecurrentAttention attention = RecurrentAttention.of(additive, states);
    SequenceBatch state = SequenceBatch.zeros(2, 1, 5);
    int[] two = {1, 4};
    List.of(
            Wrong.argument("W", out -> RecurrentAttention.Scores.additive(w, u, 1, 2, 3), "state.outputs", "2", "vector.length", "3"),
            Wrong.argument(
                "U",
                out -> RecurrentAttention.Scores.additive(w, Linear.of(new float[4], null, 4, 1), 1, 2),
                "key.outputs",
                "1",
                "vector.length",
                "2"),
            Wrong.isNull("key", out -> RecurrentAttention.Scores.general(Wrong.nothing())),
            Wrong.isNull("vector", out -> RecurrentAttention.Scores.additive(w, u, Wrong.<float[]>nothing())),
            Wrong.isNull("scores", out -> RecurrentAttention.of(Wrong.nothing(), states)),
            Wrong.isNull("states", out -> RecurrentAttention.of(additive, Wrong.nothing())),
            Wrong.argument("states", out -> RecurrentAttention.of(additive, SequenceBatch.zeros(2, 3, 6)), "states.width", "6", "4"),
            Wrong.argument(
                "length", out -> RecurrentAttention.of(additive, states).withLengths(two), "lengths[1]", "4", "states.rows", "3"),
            Wrong.isNull("kernels", out -> attention.withKernels(Wrong.nothing())),
            Wrong.argument("threads", out -> attention.withThreads(0), "threads", "0", "1"),
            Wrong.argument("state", out -> attention.forward(SequenceBatch.zeros(2, 1, 4), to(out)), "state.width", "4", "5"),
            Wrong.argument("state of dot", out -> dot(states).forward(state, to(out)), "state.width", "5", "4"),
            Wrong.argument("batch", out -> attention.forward(SequenceBatch.zeros(1, 1, 5), to(out)), "state.batch", "1", "2"),
            Wrong.argument("context", out -> attention.forward(state, SequenceBatch.of(out, 2, 1, 3)), "context.width", "3", "4"),
            Wrong.argument("rows", out -> attention.forward(state, SequenceBatch.of(out, 2, 2, 4)), "context.rows", "2", "1"),
            Wrong.argument(
                "weights", out -> attention.forward(state, Results.of().withWeights(Heads.of(out, 2, 1, 1, 2))), "weights.width", "2", "3"),
            Wrong.argument("overlap", out -> dot(states).forward(to(out), to(out)), "context", "overlaps", "state"),
            Wrong.argument(
                "weights",
                out -> dot(states).forward(to(out), Results.of().withWeights(Heads.of(out, 2, 1, 1, 3))),
                "weights",
                "overlaps",
                "query"),
            Wrong.isNull("state", out -> attention.forward(Wrong.nothing(), to(out))),
            Wrong.isNull("context", out -> attention.forward(state, Wrong.<SequenceBatch>nothing())))
        .forEach(Wrong::verify);
  }

  private static RecurrentAttention dot(SequenceBatch states) {
    return RecurrentAttention.of(RecurrentAttention.Scores.dot(), states);
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 1, 4);
  }

  @Test
  void exampleCompiles() throws IOException {
    List<String> shown = ReadmeBlocks.shownInJavadoc("RecurrentAttention.java");
    assertThat(shown).isEqualTo(ReadmeBlocks.compiled("RecurrentExample.java")).hasSize(1);
  }

  @Test
  void exampleRuns() {
    SequenceBatch context = SequenceBatch.zeros(2, 1, 6);
    int[] steps = {0};
    RecurrentExample example = new RecurrentExample(new float[3 * 4], new float[3 * 6], new float[3]);
    example.decode(SequenceBatch.zeros(2, 5, 6), new int[] {5, 2}, (c, state) -> steps[0]++, SequenceBatch.zeros(2, 1, 4), context);
    assertThat(steps[0]).isEqualTo(3);
  }
}
