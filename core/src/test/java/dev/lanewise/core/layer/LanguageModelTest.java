package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.PlainLanguageModel;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logits of small language models in one call, in chunks, in ragged batches and over trees of drafts, compared with double formulas. */
@Tag("twice")
class LanguageModelTest {
  private static final int VOCABULARY = PlainLanguageModel.VOCABULARY;

  static Stream<PlainLanguageModel> models() {
    return PlainLanguageModel.all();
  }

  private static int[] text(int length, int salt) {
    return new Random(Problem.SEED + salt).ints(length, 0, VOCABULARY).toArray();
  }

  private static SequenceBatch forward(LanguageModel model, StackState state, int rows, int... ids) {
    SequenceBatch logits = SequenceBatch.zeros(state.batch(), rows, VOCABULARY);
    model.forward(ids, state, logits);
    return logits;
  }

  /** Compares the logits of a row with those after a token. */
  private static void assertClose(SequenceBatch logits, int b, int row, double[] expected, Object what) {
    for (int id = 0; id < VOCABULARY; id++) {
      assertThat((double) logits.get(b, row, id))
          .as("%s: row %d of %d, logit %d", what, row, b, id)
          .isCloseTo(expected[id], within(1e-5 * Math.max(1, Math.abs(expected[id]))));
    }
  }

  private static void assertClose(SequenceBatch logits, double[][] expected, int from, Object what) {
    for (int row = 0; row < logits.rows(); row++) {
      assertClose(logits, 0, row, expected[from + row], what);
    }
  }

  private static int[] join(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }

  /** One call, calls of 7 tokens, and token by token; the last logits only, or none. */
  @ParameterizedTest
  @MethodSource("models")
  void callsOfAnyLengthHaveTheLogitsOfOnePass(PlainLanguageModel plain) {
    LanguageModel model = plain.model().withThreads(2);
    int[] ids = text(29, 1);
    double[][] expected = plain.logits(ids);
    SequenceBatch pass = SequenceBatch.zeros(1, 29, VOCABULARY);
    try (StackState state = model.stack().start(1, 29)) {
      model.forward(ids, state, pass);
    }
    assertClose(pass, expected, 0, "one pass");
    for (int length : new int[] {29, 17, 7, 1}) {
      try (StackState state = model.stack().start(1, 29)) {
        for (int from = 0; from < 29; from += length) {
          int to = Math.min(29, from + length);
          SequenceBatch logits = forward(model, state, to - from, Arrays.copyOfRange(ids, from, to));
          Views.assertSameBits(Views.dense(logits), Views.dense(pass.rows(from, to)), plain + ", calls of " + length);
        }
        assertThat(state.rows(0)).isEqualTo(29);
        state.truncate(0, 10);
        forward(model, state, 0, Arrays.copyOfRange(ids, 10, 13));
        forward(model, state, 0);
        assertClose(forward(model, state, 2, Arrays.copyOfRange(ids, 13, 20)), expected, 18, "the last 2 of 7");
      }
    }
  }

  /** A dense batch whose sequences have different numbers of tokens before. */
  @ParameterizedTest
  @MethodSource("models")
  void eachSequenceOfABatchHasItsOwnLogits(PlainLanguageModel plain) {
    LanguageModel model = plain.model();
    int[] one = text(20, 2);
    int[] other = text(12, 3);
    try (StackState state = model.stack().start(2, 30)) {
      forward(model, state.select(0), 0, Arrays.copyOf(one, 17));
      forward(model, state.select(1), 0, Arrays.copyOf(other, 9));
      SequenceBatch logits = forward(model, state, 2, join(Arrays.copyOfRange(one, 17, 20), Arrays.copyOfRange(other, 9, 12)));
      for (int row = 0; row < 2; row++) {
        assertClose(logits, 0, row, plain.logits(one)[18 + row], plain);
        assertClose(logits, 1, row, plain.logits(other)[10 + row], plain);
      }
    }
  }

  /** Ragged calls have the bits of calls for each sequence alone; all logits, or the last of each sequence. */
  @ParameterizedTest
  @MethodSource("models")
  void raggedCallsHaveTheBitsOfSingleOnes(PlainLanguageModel plain) {
    LanguageModel model = plain.model();
    int[][] texts = {text(12, 4), text(20, 5), text(9, 6)};
    int[][] calls = {{3, 12, 1}, {1, 5, 4}, {8, 0, 1}, {0, 3, 3}};
    try (StackState together = model.stack().start(3, 30);
        StackState alone = model.stack().start(3, 30)) {
      int[] done = new int[3];
      for (int[] rows : calls) {
        int[] starts = {0, rows[0], rows[0] + rows[1], rows[0] + rows[1] + rows[2]};
        int[] ids =
            join(IntStream.range(0, 3).mapToObj(s -> Arrays.copyOfRange(texts[s], done[s], done[s] + rows[s])).toArray(int[][]::new));
        boolean last = rows[0] * rows[1] * rows[2] > 0;
        SequenceBatch logits = SequenceBatch.zeros(1, last ? 3 : ids.length, VOCABULARY);
        model.withThreads(2).forward(ids, PackedSequences.of(starts), together, logits);
        for (int s = 0; s < 3; s++) {
          int count = last ? 1 : rows[s];
          SequenceBatch own = forward(model, alone.select(s), count, Arrays.copyOfRange(ids, starts[s], starts[s + 1]));
          int from = last ? s : starts[s];
          Views.assertSameBits(Views.dense(logits.rows(from, from + count)), own.data(), plain + ", sequence " + s);
          done[s] += rows[s];
          assertThat(together.rows(s)).isEqualTo(done[s]);
          for (int row = 0; row < count; row++) {
            assertClose(own, 0, row, plain.logits(Arrays.copyOf(texts[s], done[s]))[done[s] - count + row], plain);
          }
        }
      }
    }
  }

  /** Nodes: 0, its children 1 and 2, a chain 3, 5, 6 below 2, another root 4 with the child 7. */
  private static final int[] PARENTS = {-1, 0, 0, 2, -1, 3, 5, 4};

  private static final int[][] PATHS = {{0}, {0, 1}, {0, 2}, {0, 2, 3}, {4}, {0, 2, 3, 5}, {0, 2, 3, 5, 6}, {4, 7}};

  private static int[] path(int[] nodes, int node) {
    return Arrays.stream(PATHS[node]).map(i -> nodes[i]).toArray();
  }

  /** Each node has the logits of its path alone, and the kept path continues as if the other nodes had never been there. */
  @ParameterizedTest
  @MethodSource("models")
  void nodesOfATreeHaveTheLogitsOfTheirPath(PlainLanguageModel plain) {
    LanguageModel model = plain.model();
    int[] nodes = text(8, 7);
    int[] next = text(4, 8);
    for (int before : new int[] {0, 1, 11}) {
      int[] prompt = text(before, 9);
      for (int window : new int[] {0, plain.window()}) {
        StackState.Builder builder = model.stack().state().batch(2).capacity(30);
        try (StackState state = (window > 0 ? builder.window(0, window, 0) : builder).build()) {
          forward(model, state, 0, join(prompt, prompt));
          int[] second = Arrays.stream(nodes).map(id -> (id + 5) % VOCABULARY).toArray();
          SequenceBatch logits = SequenceBatch.zeros(2, 8, VOCABULARY);
          model.forwardTree(join(nodes, second), PARENTS, state, logits);
          for (int node = 0; node < 8; node++) {
            int length = before + PATHS[node].length;
            String what = plain + ", node " + node + " after " + before + ", window of the cache " + window;
            assertClose(logits, 0, node, plain.logits(join(prompt, path(nodes, node)))[length - 1], what);
            assertClose(logits, 1, node, plain.logits(join(prompt, path(second, node)))[length - 1], what);
          }
          state.keep(0, before, Arrays.stream(PATHS[6]).map(node -> before + node).toArray());
          state.keep(1, before, before + 4, before + 7);
          assertThat(new int[] {state.rows(0), state.rows(1)}).containsExactly(before + 5, before + 2);
          SequenceBatch more = forward(model, state, 2, join(next, next));
          for (int row = 0; row < 2; row++) {
            assertClose(more, 0, row, plain.logits(join(prompt, path(nodes, 6), next))[before + 7 + row], plain + " continues");
            assertClose(more, 1, row, plain.logits(join(prompt, path(second, 7), next))[before + 4 + row], plain + " continues");
          }
        }
      }
    }
  }
}
