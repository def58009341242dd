package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.page.CacheTransaction;
import dev.lanewise.core.testing.PlainLanguageModel;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Wrong calls of a language model: the message names the argument and both numbers, and neither logits nor the state have changed. */
@Tag("once")
class LanguageModelChecksTest {
  private static final int VOCABULARY = PlainLanguageModel.VOCABULARY;
  private static final LanguageModel MODEL = named("learned positions").model();

  private static PlainLanguageModel named(String name) {
    return PlainLanguageModel.all().filter(model -> model.name().equals(name)).findFirst().orElseThrow();
  }

  private static SequenceBatch logits(float[] out, int batch, int rows) {
    return SequenceBatch.of(out, batch, rows, VOCABULARY);
  }

  /** A state of two sequences of 5 tokens. */
  private static StackState start(LanguageModel model, int capacity) {
    StackState state = model.stack().start(2, capacity);
    model.forward(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, state, SequenceBatch.zeros(2, 0, VOCABULARY));
    return state;
  }

  /** Makes wrong calls with a state, and compares the state and its next logits with those of a fork. */
  private static void verify(LanguageModel model, StackState state, List<Wrong> wrong) {
    try (StackState fork = state.fork(0, 1)) {
      String before = StackStates.describe(model.stack(), state);
      for (Wrong call : wrong) {
        call.verify();
        assertThat(StackStates.describe(model.stack(), state)).as(call.toString()).isEqualTo(before);
      }
      SequenceBatch expected = SequenceBatch.zeros(2, 1, VOCABULARY);
      SequenceBatch actual = SequenceBatch.zeros(2, 1, VOCABULARY);
      model.forward(new int[] {11, 12}, fork, expected);
      model.forward(new int[] {11, 12}, state, actual);
      Views.assertSameBits(actual.data(), expected.data(), "logits after the wrong calls");
    }
  }

  @Test
  void wrongIdsAndLogitsAreNamed() {
    try (StackState state = start(MODEL, 100);
        StackState empty = MODEL.stack().start(0, 10)) {
      int[] two = {1, 2};
      verify(
          MODEL,
          state,
          List.of(
              Wrong.argument("id", out -> MODEL.forward(new int[] {1, 37}, state, logits(out, 2, 1)), "ids[1]", "37"),
              Wrong.argument("negative id", out -> MODEL.forward(new int[] {-1, 3}, state, logits(out, 2, 1)), "ids[0]", "-1", "37"),
              Wrong.argument("count", out -> MODEL.forward(new int[] {1, 2, 3}, state, logits(out, 2, 1)), "ids.length", "3", "2"),
              Wrong.argument("batch", out -> MODEL.forward(two, state, logits(out, 1, 1)), "logits.batch", "1", "state.batch", "2"),
              Wrong.argument("rows", out -> MODEL.forward(two, state, logits(out, 2, 2)), "logits.rows", "2", "1"),
              Wrong.argument("width", out -> MODEL.forward(two, state, SequenceBatch.of(out, 2, 1, 36)), "logits.width", "36", "37"),
              Wrong.argument(
                  "overlap",
                  out -> MODEL.forward(two, state, new SequenceBatch(out, 0, 2, 1, 37, 36, 37)),
                  "logits.batchStride",
                  "36",
                  "37"),
              Wrong.argument("positions", out -> MODEL.forward(new int[72], state, logits(out, 2, 1)), "sequence", "0", "41", "40"),
              Wrong.argument("no sequence", out -> MODEL.forward(two, empty, logits(out, 0, 1)), "ids.length", "2", "0"),
              Wrong.isNull("ids", out -> MODEL.forward(Wrong.nothing(), state, logits(out, 2, 1))),
              Wrong.isNull("state", out -> MODEL.forward(two, Wrong.nothing(), logits(out, 2, 1))),
              Wrong.isNull("logits", out -> MODEL.forward(two, state, Wrong.nothing()))));
    }
  }

  @Test
  void wrongTreesAreNamed() {
    try (StackState state = start(MODEL, 100)) {
      int[] four = {1, 2, 3, 4};
      int[] chain = new int[36];
      Arrays.setAll(chain, node -> node - 1);
      verify(
          MODEL,
          state,
          List.of(
              Wrong.argument("parent", out -> MODEL.forwardTree(four, new int[] {-1, 1}, state, logits(out, 2, 2)), "parents[1]", "1"),
              Wrong.argument("count", out -> MODEL.forwardTree(four, new int[] {-1}, state, logits(out, 2, 1)), "ids.length", "4", "2"),
              Wrong.argument("rows", out -> MODEL.forwardTree(four, new int[] {-1, 0}, state, logits(out, 2, 3)), "logits.rows", "3", "2"),
              Wrong.argument("positions", out -> MODEL.forwardTree(new int[72], chain, state, logits(out, 2, 1)), "sequence", "41", "40"),
              Wrong.isNull("parents", out -> MODEL.forwardTree(four, Wrong.nothing(), state, logits(out, 2, 1))),
              Wrong.isNull("ids", out -> MODEL.forwardTree(Wrong.nothing(), new int[] {-1}, state, logits(out, 2, 1)))));
      // as many nodes, but at two depths only
      int[] bush = new int[36];
      Arrays.setAll(bush, node -> node < 6 ? -1 : node % 6);
      MODEL.forwardTree(new int[72], bush, state, SequenceBatch.zeros(2, 36, VOCABULARY));
      assertThat(state.rows(1)).isEqualTo(6 + 36);
    }
  }

  @Test
  void wrongRaggedCallsAreNamed() {
    try (StackState state = start(MODEL, 100);
        StackState empty = MODEL.stack().start(0, 10)) {
      PackedSequences both = PackedSequences.of(0, 1, 3);
      PackedSequences one = PackedSequences.of(0, 3, 3);
      int[] ids = {1, 2, 3};
      verify(
          MODEL,
          state,
          List.of(
              Wrong.argument(
                  "count",
                  out -> MODEL.forward(ids, PackedSequences.of(0, 3), state, logits(out, 1, 3)),
                  "sequences.count",
                  "1",
                  "state.batch",
                  "2"),
              Wrong.argument("ids", out -> MODEL.forward(new int[2], both, state, logits(out, 1, 2)), "ids.length", "2", "3"),
              Wrong.argument("batch", out -> MODEL.forward(ids, both, state, logits(out, 2, 1)), "logits.batch", "2", "1"),
              Wrong.argument("rows", out -> MODEL.forward(ids, both, state, logits(out, 1, 1)), "logits.rows", "1", "sequences", "2"),
              Wrong.argument(
                  "no token", out -> MODEL.forward(ids, one, state, logits(out, 1, 2)), "logits.rows", "2", "sequence", "1", "0"),
              Wrong.argument(
                  "no sequence",
                  out -> MODEL.forward(new int[0], PackedSequences.of(0), empty, logits(out, 1, 3)),
                  "logits.rows",
                  "3",
                  "0"),
              Wrong.argument(
                  "positions",
                  out -> MODEL.forward(new int[37], PackedSequences.of(0, 1, 37), state, logits(out, 1, 2)),
                  "sequence",
                  "1",
                  "41",
                  "40"),
              Wrong.isNull("sequences", out -> MODEL.forward(ids, Wrong.<PackedSequences>nothing(), state, logits(out, 1, 3)))));
    }
  }

  @Test
  void statesThatCannotBeUsedAreRefused() {
    TransformerStack single = TransformerStack.of(List.of(MODEL.stack().layers().getFirst()), null);
    StackState closed = start(MODEL, 10);
    closed.close();
    int[] ids = {1, 2};
    PackedSequences nothing = PackedSequences.of(0, 0, 0);
    try (StackState state = start(MODEL, 6);
        StackState other = single.start(2, 10)) {
      verify(
          MODEL,
          state,
          List.of(
              Wrong.incomplete("full", out -> MODEL.forward(new int[4], state, logits(out, 2, 1)), "full", "7", "6"),
              Wrong.incomplete("closed", out -> MODEL.forward(ids, closed, logits(out, 2, 1)), "closed"),
              Wrong.incomplete("closed, ragged", out -> MODEL.forward(new int[0], nothing, closed, logits(out, 1, 0)), "closed"),
              Wrong.argument("other stack", out -> MODEL.forward(ids, other, logits(out, 2, 1)), "state", "1", "2")));
      try (CacheTransaction call = state.enter()) {
        Wrong.incomplete("in use", out -> MODEL.forward(ids, state, logits(out, 2, 1)), "in", "use").verify();
        assertThat(call).isNotNull();
      }
      assertThat(state.rows(0)).isEqualTo(6);
    }
  }

  /** Logits over an array that an attention reads. */
  @Test
  void logitsMustNotShareElementsWithABias() {
    float[] bias = new float[400];
    LanguageModel model =
        MODEL.withStack(
            MODEL
                .stack()
                .withLayers(layer -> layer.withSelf(self -> self.withAttention(inner -> inner.withBias(new Bias(bias, 0, 0, 0, 0, 1))))));
    try (StackState state = start(model, 10)) {
      Throwable thrown = catchThrowable(() -> model.forward(new int[] {1, 2}, state, logits(bias, 2, 1)));
      assertThat(thrown).isExactlyInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("logits", "bias");
      assertThat(bias).containsOnly(0);
      assertThat(state.rows(0)).isEqualTo(5);
    }
  }
}
