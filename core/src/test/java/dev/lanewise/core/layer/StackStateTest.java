package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.LayerPositions;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** States of several sequences of different lengths: ragged calls, views, forks, truncation, storage of each layer, and closing. */
@Tag("twice")
class StackStateTest {
  private static final int WIDTH = 48;
  private static final int HEADS = 6;
  private static final LayerParts PARTS =
      new LayerParts(LayerShape.of(WIDTH, HEADS).grouped(2), 60, Activation.SILU, true, true, Norm.Placement.PRE);

  private static TransformerStack decoderOnly() {
    TransformerLayer layer =
        TransformerLayer.decoderOnly(PARTS.attention().layer(), PARTS.norm(0), PARTS.feedForward(), PARTS.norm(1), Norm.Placement.PRE);
    return TransformerStack.of(List.of(layer, layer), PARTS.norm(2));
  }

  private static TransformerStack decoder() {
    return TransformerStack.of(List.of(PARTS.decoderLayer(), PARTS.decoderLayer()), PARTS.norm(2));
  }

  private static SequenceBatch random(int batch, int rows, int salt) {
    return Views.randomSequences(Layout.DENSE, batch, rows, WIDTH, Problem.SEED + salt);
  }

  private static SequenceBatch run(TransformerStack stack, SequenceBatch x, StackState state) {
    SequenceBatch output = SequenceBatch.zeros(x.batch(), x.rows(), WIDTH);
    stack.forward(x, state, output);
    return output;
  }

  private static void assertSameBits(SequenceBatch actual, SequenceBatch expected, String what) {
    Views.assertSameBits(Views.dense(actual), Views.dense(expected), what);
  }

  /** The last rows of one pass over all rows of a sequence. */
  private static SequenceBatch whole(TransformerStack stack, int last, SequenceBatch... parts) {
    int rows = Stream.of(parts).mapToInt(SequenceBatch::rows).sum();
    SequenceBatch all = SequenceBatch.zeros(1, rows, WIDTH);
    int row = 0;
    for (SequenceBatch part : parts) {
      System.arraycopy(Views.dense(part), 0, all.data(), row * WIDTH, part.rows() * WIDTH);
      row += part.rows();
    }
    stack.forward(all, all);
    return all.rows(rows - last, rows);
  }

  static Stream<LayerPositions> positions() {
    LayerPositions buckets = Positions.relativeBuckets(Views.randomArray(8 * HEADS, 1, Problem.SEED + 9), 8, 20, false);
    return Stream.of(Positions.none(), Rotary.of(WIDTH / HEADS), Positions.alibi(HEADS), buckets);
  }

  private static PackedSequences starts(int... rows) {
    int[] starts = new int[rows.length + 1];
    for (int s = 0; s < rows.length; s++) {
      starts[s + 1] = starts[s] + rows[s];
    }
    return PackedSequences.of(starts);
  }

  /** Calls with up to 16 new rows of each sequence, and calls with more: each sequence has the bits it has alone. */
  @ParameterizedTest
  @MethodSource("positions")
  void packedSequencesHaveTheBitsOfSingleOnes(LayerPositions positions) {
    TransformerStack stack = decoderOnly().withPositions(positions);
    int[][] calls = {{5, 1, 16}, {17, 40, 23}, {1, 3, 1}, {0, 2, 1}};
    try (StackState together = stack.start(3, 80)) {
      List<StackState> alone = List.of(stack.start(1, 80), stack.start(1, 80), stack.start(1, 80));
      for (int call = 0; call < calls.length; call++) {
        PackedSequences sequences = starts(calls[call]);
        SequenceBatch x = random(1, sequences.queryStart(3), 20 + call);
        SequenceBatch output = run(stack.withThreads(2).withPackedSequences(sequences), x, together);
        for (int s = 0; s < 3; s++) {
          int from = sequences.queryStart(s);
          int to = sequences.queryStart(s + 1);
          SequenceBatch own = run(stack, x.rows(from, to), alone.get(s));
          Views.assertSameBits(Views.dense(output.rows(from, to)), own.data(), positions + ", call " + call + ", sequence " + s);
          assertThat(together.rows(s)).isEqualTo(alone.get(s).rows(0));
        }
      }
      alone.forEach(StackState::close);
    }
  }

  /** The same in one attention over caches. */
  @ParameterizedTest
  @MethodSource("positions")
  void aLayerTakesPackedRowsOfSeveralCaches(LayerPositions positions) {
    MultiHeadAttention layer = PARTS.attention().layer().withMask(Mask.causal()).withPositions(positions);
    List<KeyValueCache> caches = Stream.generate(() -> layer.cache().capacity(60).build()).limit(4).toList();
    for (int[] rows : new int[][] {{4, 9}, {1, 3}, {30, 17}}) {
      PackedSequences sequences = starts(rows);
      SequenceBatch x = random(1, rows[0] + rows[1], 30 + rows[0]);
      SequenceBatch output = SequenceBatch.zeros(1, x.rows(), WIDTH);
      layer.withPackedSequences(sequences).forward(x, caches.subList(0, 2), output);
      for (int s = 0; s < 2; s++) {
        SequenceBatch part = x.rows(sequences.queryStart(s), sequences.queryStart(s + 1));
        SequenceBatch own = SequenceBatch.zeros(1, part.rows(), WIDTH);
        layer.forward(part, caches.subList(2 + s, 3 + s), own);
        Views.assertSameBits(
            Views.dense(output.rows(sequences.queryStart(s), sequences.queryStart(s + 1))), own.data(), positions + ", " + s);
        assertThat(caches.get(s).rows()).isEqualTo(caches.get(2 + s).rows());
      }
    }
    caches.forEach(KeyValueCache::close);
  }

  /** A batch whose sequences have different numbers of rows before the call. */
  @ParameterizedTest
  @MethodSource("positions")
  void sequencesOfABatchMayDifferInLength(LayerPositions positions) {
    TransformerStack stack = decoderOnly().withPositions(positions);
    SequenceBatch first = random(1, 3, 40);
    SequenceBatch second = random(1, 21, 41);
    SequenceBatch next = random(2, 4, 42);
    try (StackState state = stack.start(2, 30)) {
      run(stack, first, state.select(0));
      run(stack, second, state.select(1));
      assertThat(List.of(state.rows(0), state.rows(1))).containsExactly(3, 21);
      SequenceBatch output = run(stack, next, state);
      assertSameBits(output.batch(0, 1), whole(stack, 4, first, next.batch(0, 1)), "short");
      assertSameBits(output.batch(1, 2), whole(stack, 4, second, next.batch(1, 2)), "long");
      SequenceBatch swapped = run(stack, next, state.select(1, 0));
      assertSameBits(swapped.batch(0, 1), whole(stack, 4, second, next.batch(1, 2), next.batch(0, 1)), "long, in a view");
      assertThat(List.of(state.rows(0), state.rows(1))).containsExactly(11, 29);
    }
  }

  /** Forks go on by themselves, and leave the original as it is. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void forksAreIndependent(boolean pages) {
    TransformerStack stack = decoderOnly();
    SequenceBatch prompt = random(2, 21, 50);
    SequenceBatch next = random(3, 5, 51);
    StackState.Builder builder = stack.state().batch(2);
    StackState state = (pages ? builder.pages(20) : builder.capacity(40)).build();
    run(stack, prompt, state);
    String before = StackStates.describe(stack, state);
    StackState forks = state.fork(1, 0, 1);
    SequenceBatch output = run(stack, next, forks);
    for (int s = 0; s < 3; s++) {
      int from = s == 1 ? 0 : 1;
      assertSameBits(output.batch(s, s + 1), whole(stack, 5, prompt.batch(from, from + 1), next.batch(s, s + 1)), "fork " + s);
    }
    if (!pages) {
      assertThat(StackStates.describe(stack, state)).isEqualTo(before);
    }
    assertThat(List.of(state.rows(0), state.rows(1))).containsExactly(21, 21);
    state.close();
    SequenceBatch more = random(3, 1, 52);
    SequenceBatch step = run(stack, more, forks);
    assertSameBits(
        step.batch(1, 2),
        whole(stack, 1, prompt.batch(0, 1), next.batch(1, 2), more.batch(1, 2)),
        "a fork after its original has been closed");
    if (pages) {
      assertThat(forks.caches(0).getFirst().statistics().sharedPages()).isEqualTo(1);
    }
    forks.close();
    assertThatThrownBy(() -> run(stack, more, forks)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
  }

  @Test
  void oneSequenceIsTruncated() {
    TransformerStack stack = decoderOnly();
    SequenceBatch x = random(2, 10, 60);
    SequenceBatch next = random(2, 2, 61);
    try (StackState state = stack.start(2, 12)) {
      run(stack, x, state);
      state.truncate(1, 4);
      assertThat(List.of(state.rows(0), state.rows(1))).containsExactly(10, 4);
      SequenceBatch output = run(stack, next, state);
      assertSameBits(output.batch(0, 1), whole(stack, 2, x.batch(0, 1), next.batch(0, 1)), "whole");
      assertSameBits(output.batch(1, 2), whole(stack, 2, x.batch(1, 2).rows(0, 4), next.batch(1, 2)), "truncated");
    }
  }

  /** The window of the second layer has dropped rows, so neither layer is truncated. */
  @Test
  void layersHaveTheirOwnFormatAndWindow() {
    TransformerStack plain = decoderOnly();
    TransformerLayer local = plain.layers().get(1).withMask(Mask.window(15, 0));
    TransformerStack stack = TransformerStack.of(List.of(plain.layers().get(0), local), PARTS.norm(2));
    SequenceBatch x = random(1, 100, 70);
    SequenceBatch expected = SequenceBatch.zeros(1, 100, WIDTH);
    stack.forward(x, expected);
    try (StackState state = stack.state().capacity(100).format(1, KeyValueFormat.F16).window(1, 16, 0).build()) {
      for (int row = 0; row < 100; row += 5) {
        SequenceBatch output = run(stack, x.rows(row, row + 5), state);
        float[] steps = output.data();
        for (int i = 0; i < steps.length; i++) {
          assertThat(steps[i]).isCloseTo(expected.data()[row * WIDTH + i], within(2e-2f));
        }
      }
      KeyValueCache first = state.caches(0).getFirst();
      KeyValueCache second = state.caches(1).getFirst();
      assertThat(first.statistics().storedRows()).isEqualTo(100);
      assertThat(second.statistics().storedRows()).isLessThan(50);
      assertThat(first.format()).isEqualTo(KeyValueFormat.F32);
      assertThat(second.format()).isEqualTo(KeyValueFormat.F16);
      assertThatThrownBy(() -> state.truncate(0, 40)).isExactlyInstanceOf(IllegalArgumentException.class).hasMessageContaining("dropped");
      assertThat(List.of(first.rows(), second.rows())).containsExactly(100, 100);
      state.truncate(0, 99);
      assertThat(List.of(first.rows(), second.rows())).containsExactly(99, 99);
    }
  }

  @Test
  void memoriesMayDifferInLength() {
    TransformerStack stack = decoder();
    List<SequenceBatch> memory = List.of(random(1, 3, 80), random(1, 30, 81), SequenceBatch.zeros(1, 0, WIDTH));
    SequenceBatch x = random(3, 6, 82);
    try (StackState state = stack.state().memory(memory).capacity(6).build()) {
      assertThat(state.batch()).isEqualTo(3);
      SequenceBatch output = run(stack, x, state);
      for (int s = 0; s < 3; s++) {
        SequenceBatch expected = SequenceBatch.zeros(1, 6, WIDTH);
        stack.forward(x.batch(s, s + 1), memory.get(s), expected);
        assertSameBits(output.batch(s, s + 1), expected, "sequence " + s);
      }
      try (StackState fork = state.fork(1)) {
        fork.truncate(0, 0);
        Views.assertSameBits(run(stack, x.batch(1, 2), fork).data(), Views.dense(output.batch(1, 2)), "a fork has its memory");
      }
    }
  }

  /** Weights over a state are those of one pass, and the output has the bits it has without them. */
  @Test
  void resultsAreComputedOverAState() {
    TransformerStack stack = decoder();
    SequenceBatch memory = random(1, 7, 90);
    SequenceBatch x = random(1, 9, 91);
    List<Heads> whole =
        List.of(Heads.zeros(1, HEADS, 9, 9), Heads.zeros(1, HEADS, 9, 7), Heads.zeros(1, HEADS, 9, 9), Heads.zeros(1, HEADS, 9, 7));
    stack.forward(x, memory, SequenceBatch.zeros(1, 9, WIDTH), Views.weights(whole));
    List<Heads> steps =
        List.of(Heads.zeros(1, HEADS, 4, 9), Heads.zeros(1, HEADS, 4, 7), Heads.zeros(1, HEADS, 4, 9), Heads.zeros(1, HEADS, 4, 7));
    try (StackState state = stack.start(memory, 9)) {
      run(stack, x.rows(0, 5), state);
      StackState other = state.fork(0);
      SequenceBatch output = SequenceBatch.zeros(1, 4, WIDTH);
      stack.forward(x.rows(5, 9), state, output, Views.weights(steps));
      Views.assertSameBits(run(stack, x.rows(5, 9), other).data(), output.data(), "output beside weights");
      other.close();
      assertThatThrownBy(() -> stack.forward(x.rows(0, 1), state, output.rows(0, 1), List.of(Results.of())))
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("results is 1", "4");
      assertThat(state.rows(0)).isEqualTo(9);
    }
    for (int i = 0; i < 4; i++) {
      Heads expected = whole.get(i).rows(5, 9);
      for (int head = 0; head < HEADS; head++) {
        for (int row = 0; row < 4; row++) {
          for (int key = 0; key < expected.width(); key++) {
            assertThat(steps.get(i).get(0, head, row, key)).isCloseTo(expected.get(0, head, row, key), within(2e-6f));
          }
        }
      }
    }
  }

  @Test
  void closingAViewHasNoEffect() {
    TransformerStack stack = decoderOnly();
    StackState state = stack.start(2, 9);
    SequenceBatch x = random(1, 3, 95);
    StackState view = state.select(1);
    view.close();
    run(stack, x, view);
    assertThat(List.of(state.rows(0), state.rows(1))).containsExactly(0, 3);
    state.close();
    state.close();
    assertThatThrownBy(() -> run(stack, x, view)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    assertThatThrownBy(() -> view.rows(0)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    assertThatThrownBy(() -> view.fork(0)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
  }

  @Test
  void statesOfOtherStacksAreRefused() {
    TransformerStack stack = decoderOnly();
    TransformerStack one = TransformerStack.of(List.of(stack.layers().getFirst()), null);
    try (StackState state = one.start(1, 9);
        StackState withMemory = decoder().start(random(1, 4, 96), 9)) {
      SequenceBatch x = random(1, 2, 97);
      assertThatThrownBy(() -> run(stack, x, state))
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("self-attentions of state is 1", "2");
      assertThatThrownBy(() -> run(stack, x, withMemory))
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("cross-attentions of state is 2", "0");
    }
    assertThatThrownBy(() -> decoder().start(1, 9)).hasMessageContaining("memory is not given");
    assertThatThrownBy(() -> stack.state().pages(3).capacity(4).build()).hasMessageContainingAll("pages is 3", "capacity is 4");
    assertThatThrownBy(() -> stack.state().window(2, 5, 0)).isExactlyInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> stack.state().build()).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("capacity");
  }

  /** One of two sequences is full. */
  @Test
  void aFullSequenceLeavesTheOthersUnchanged() {
    TransformerStack stack = decoderOnly();
    try (StackState state = stack.start(2, 6)) {
      run(stack, random(1, 5, 98), state.select(1));
      String before = StackStates.describe(stack, state);
      assertThatThrownBy(() -> run(stack, random(2, 2, 99), state))
          .isExactlyInstanceOf(IllegalStateException.class)
          .hasMessageContaining("6");
      assertThat(StackStates.describe(stack, state)).isEqualTo(before);
      run(stack, random(2, 1, 99), state);
      assertThat(List.of(state.rows(0), state.rows(1))).containsExactly(1, 6);
    }
  }
}
