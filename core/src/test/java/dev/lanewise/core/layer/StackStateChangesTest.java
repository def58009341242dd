package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a state that are kept, removed, saved and loaded, in all layers or in none. */
@Tag("twice")
class StackStateChangesTest {
  private static final int WIDTH = 48;
  private static final int HEADS = 6;
  private static final LayerParts PARTS =
      new LayerParts(LayerShape.of(WIDTH, HEADS).grouped(2), 60, Activation.SILU, true, true, Norm.Placement.PRE);

  private static TransformerLayer layer() {
    return TransformerLayer.decoderOnly(PARTS.attention().layer(), PARTS.norm(0), PARTS.feedForward(), PARTS.norm(1), Norm.Placement.PRE);
  }

  private static TransformerStack stack(TransformerLayer... layers) {
    return TransformerStack.of(List.of(layers), PARTS.norm(2));
  }

  private static TransformerLayer rotary() {
    return layer().withPositions(Rotary.of(WIDTH / HEADS));
  }

  private static SequenceBatch random(int batch, int rows, int salt) {
    return Views.randomSequences(Layout.DENSE, batch, rows, WIDTH, Problem.SEED + salt);
  }

  private static SequenceBatch run(TransformerStack stack, SequenceBatch x, StackState state) {
    SequenceBatch output = SequenceBatch.zeros(x.batch(), x.rows(), WIDTH);
    stack.forward(x, state, output);
    return output;
  }

  private static void assertClose(float[] actual, float[] expected, String what) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("%s: element %d", what, i).isCloseTo(expected[i], within(1e-5f));
    }
  }

  private static float[] keys(KeyValueCache cache) {
    Heads keys = Heads.zeros(1, cache.keyValueHeads(), cache.rows(), cache.headDim());
    cache.copyTo(0, keys, Heads.zeros(1, cache.keyValueHeads(), cache.rows(), cache.valueDim()));
    return Views.dense(keys);
  }

  /** Keys of a single layer depend on their own rows only, so that the removed rows leave no trace. */
  @Test
  void aLayerContinuesAsIfRemovedRowsHadNeverBeenThere() {
    TransformerStack stack = stack(rotary());
    SequenceBatch first = random(2, 5, 1);
    SequenceBatch removed = random(2, 9, 2);
    SequenceBatch later = random(2, 20, 3);
    SequenceBatch next = random(2, 3, 4);
    try (StackState state = stack.start(2, 60);
        StackState other = stack.start(2, 60)) {
      run(stack, first, state);
      run(stack, removed, state);
      run(stack, later, state);
      state.remove(0, 5, 14);
      assertThat(new int[] {state.rows(0), state.rows(1)}).containsExactly(25, 34);
      state.remove(1, 5, 14);
      run(stack, first, other);
      run(stack, later, other);
      assertClose(run(stack, next, state).data(), run(stack, next, other).data(), "after the removal");
    }
  }

  /** The second layer has no positions: its keys move with their bits. The keys of the first layer are rotated. */
  @Test
  void onlyKeysOfLayersWithRotaryPositionsAreRotated() {
    TransformerStack stack = stack(rotary(), layer());
    SequenceBatch x = random(1, 30, 5);
    try (StackState state = stack.start(1, 60);
        StackState other = stack.start(1, 60)) {
      run(stack, x, state);
      Heads before = Heads.zeros(1, 2, 20, WIDTH / HEADS);
      state.caches(1).getFirst().copyTo(10, before, Heads.zeros(1, 2, 20, WIDTH / HEADS));
      state.remove(0, 4, 10);
      Heads after = Heads.zeros(1, 2, 20, WIDTH / HEADS);
      state.caches(1).getFirst().copyTo(4, after, Heads.zeros(1, 2, 20, WIDTH / HEADS));
      Views.assertSameBits(after.data(), before.data(), "keys without positions");
      run(stack, x.rows(0, 4), other);
      run(stack, x.rows(10, 30), other);
      assertClose(keys(state.caches(0).getFirst()), keys(other.caches(0).getFirst()), "rotated keys");
    }
  }

  /** The window of the second layer has dropped rows that would have to move. */
  @Test
  void aLayerThatRefusesLeavesAllLayersUnchanged() {
    TransformerStack stack = stack(rotary(), rotary().withMask(Mask.window(15, 0)));
    try (StackState state = stack.state().capacity(100).window(1, 16, 0).build()) {
      for (int row = 0; row < 90; row += 5) {
        run(stack, random(1, 5, row), state);
      }
      String before = StackStates.describe(stack, state);
      assertThatThrownBy(() -> state.truncate(0, 40)).isExactlyInstanceOf(IllegalArgumentException.class).hasMessageContaining("dropped");
      assertThatThrownBy(() -> state.remove(0, 3, 6)).isExactlyInstanceOf(IllegalArgumentException.class).hasMessageContaining("dropped");
      assertThatThrownBy(() -> state.keep(0, 3, 89)).isExactlyInstanceOf(IllegalArgumentException.class).hasMessageContaining("dropped");
      assertThatThrownBy(() -> state.keep(0, 85, 91))
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("91", "89");
      assertThatThrownBy(() -> state.remove(1, 0, 1)).isExactlyInstanceOf(IndexOutOfBoundsException.class);
      assertThat(StackStates.describe(stack, state)).isEqualTo(before);
    }
  }

  /** The first layer has a window and is never full, the second one is. The input, which is also the output, stays as it was. */
  @Test
  void aFullLayerIsFoundBeforeAnyLayerWrites() {
    TransformerStack stack = stack(rotary().withMask(Mask.window(15, 0)), rotary());
    try (StackState state = stack.state().batch(2).capacity(20).window(0, 16, 0).build()) {
      run(stack, random(2, 19, 6), state);
      String before = StackStates.describe(stack, state);
      SequenceBatch x = random(2, 2, 7);
      float[] copy = x.data().clone();
      assertThatThrownBy(() -> stack.forward(x, state, x))
          .isExactlyInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("21", "20");
      Views.assertSameBits(x.data(), copy, "input");
      assertThat(StackStates.describe(stack, state)).isEqualTo(before);
    }
  }

  @Test
  void aLoadedSequenceContinuesWithTheBitsOfTheSavedOne(@TempDir Path folder) throws IOException {
    TransformerStack stack = stack(rotary(), rotary().withMask(Mask.window(15, 0)));
    StackState.Builder builder = stack.state().batch(2).capacity(80).format(1, KeyValueFormat.F16).window(1, 16, 2);
    Path path = folder.resolve("sequence");
    try (StackState state = builder.build();
        StackState other = builder.build()) {
      for (int part = 0; part < 7; part++) {
        run(stack, random(2, 9, 10 + part), state);
      }
      state.save(1, path);
      other.load(0, path);
      assertThat(new int[] {other.rows(0), other.rows(1)}).containsExactly(63, 0);
      SequenceBatch next = random(1, 4, 20);
      Views.assertSameBits(run(stack, next, other.select(0)).data(), run(stack, next, state.select(1)).data(), "after loading");
      assertThatThrownBy(() -> other.load(0, path)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("67");
      assertThat(other.rows(0)).isEqualTo(67);
    }
  }

  @Test
  void filesThatDoNotFitChangeNothing(@TempDir Path folder) throws IOException {
    TransformerStack stack = stack(rotary(), rotary());
    Path path = folder.resolve("sequence");
    Path foreign = Files.writeString(folder.resolve("foreign"), "rows of something else, long enough for a header");
    try (StackState state = stack.start(1, 30);
        StackState halves = stack.state().capacity(30).format(1, KeyValueFormat.F16).build();
        StackState small = stack.start(1, 10);
        StackState single = stack(rotary()).start(1, 30)) {
      run(stack, random(1, 11, 30), state);
      state.save(0, path);
      assertThatThrownBy(() -> small.load(0, foreign)).isInstanceOf(IOException.class).hasMessageContaining("foreign");
      assertThatThrownBy(() -> halves.load(0, path))
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("F16", "F32");
      assertThatThrownBy(() -> small.load(0, path)).isExactlyInstanceOf(IllegalStateException.class).hasMessageContainingAll("11", "10");
      assertThatThrownBy(() -> single.load(0, path)).isExactlyInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("1", "2");
      for (StackState each : List.of(halves, small, single)) {
        assertThat(each.rows(0)).isEqualTo(0);
        assertThat(each.caches(0).getFirst().statistics().storedRows()).isEqualTo(0);
      }
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    TransformerStack stack = stack(layer());
    TransformerStack decoder = TransformerStack.of(List.of(PARTS.decoderLayer()), null);
    SequenceBatch memory = random(2, 4, 40);
    StackState closed = stack.start(1, 4);
    closed.close();
    try (StackState state = stack.start(2, 10)) {
      List.of(
              Wrong.isNull("indices", out -> state.fork(Wrong.<int[]>nothing())),
              Wrong.isNull("indices", out -> state.select(Wrong.<int[]>nothing())),
              Wrong.isNull("rows", out -> state.keep(0, 0, Wrong.<int[]>nothing())),
              Wrong.isNull("memory", out -> decoder.state().memory(Wrong.<List<SequenceBatch>>nothing())),
              Wrong.argument("twice", out -> state.select(1, 0, 1), "indices[2]", "1", "indices[0]"),
              Wrong.argument("memory", out -> decoder.state().memory(memory).batch(3).capacity(9).build(), "memory", "2", "batch", "3"),
              Wrong.argument("no memory", out -> decoder.start(2, 9), "memory", "not", "given"),
              Wrong.argument("a memory that nothing reads", out -> stack.start(memory, 9), "memory", "given", "sublayer"),
              Wrong.incomplete("fork after close", out -> closed.fork(0), "closed"),
              Wrong.incomplete("keep after close", out -> closed.keep(0, 0), "closed"))
          .forEach(Wrong::verify);
      assertThatThrownBy(() -> state.fork(0, 2)).isExactlyInstanceOf(IndexOutOfBoundsException.class).hasMessageContainingAll("2");
      run(stack, random(2, 10, 41), state);
    }
  }

  @Test
  void theLastStateFreesTheSharedPools() {
    KeyValuePool pool = PARTS.attention().layer().pool().pages(3).build();
    SharedPools pools = new SharedPools();
    pools.ofLayers.add(pool);
    pools.open();
    pools.close();
    pool.newCache().close();
    pools.close();
    assertThatThrownBy(pool::newCache).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
  }
}
