package dev.lanewise.kernels.simd.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.testing.AttentionCall;
import dev.lanewise.kernels.testing.KeyRange;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The plan of decoding: which batch entries over cached keys are decoded, and how they are cut. */
class DecodePlanTest {
  @BeforeAll
  static void decodingIsPartOfTheSimdPath() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  /** A sequence with consecutive blocks in one memory. */
  private record Cached(KeyValueMemory all, int rows, int droppedFrom, int droppedTo) implements CachedSequence {
    @Override
    public KeyValueLayout layout() {
      return all.layout();
    }

    @Override
    public KeyValueMemory memory(int block) {
      return all;
    }

    @Override
    public int physicalBlock(int block) {
      return block;
    }
  }

  private static KeyValueMemory memory(int heads, int keyWidth, int valueWidth, int rows) {
    KeyValueLayout layout = new KeyValueLayout(KeyValueFormat.F32, heads, keyWidth, valueWidth);
    return KeyValueMemory.heap(layout, Math.max(1, Math.ceilDiv(rows, KeyValueLayout.BLOCK_ROWS)), null);
  }

  private static Cached cached(int heads, int width, int rows) {
    return new Cached(memory(heads, width, width, rows), rows, 0, 0);
  }

  private static DecodePlan plan(int threads, int queryHeads, int queries, UnaryOperator<AttentionCall> change, CachedSequence... caches) {
    Heads query = Heads.zeros(caches.length, queryHeads, queries, caches[0].layout().keyWidth());
    return new DecodePlan(change.apply(AttentionCall.of(query, caches).scale(1)).build(), threads);
  }

  private static boolean decodes(int queries, UnaryOperator<AttentionCall> change, Cached cache) {
    return plan(1, 1, queries, change, cache).decodes(0);
  }

  @Test
  void fewQueriesAreDecoded() {
    Cached cache = cached(1, 1, 20);
    assertThat(decodes(0, builder -> builder, cache)).isFalse();
    assertThat(decodes(1, builder -> builder, cache)).isTrue();
    assertThat(decodes(16, builder -> builder, cache)).isTrue();
    assertThat(decodes(17, builder -> builder, cache)).isFalse();
  }

  @Test
  void callsThatOnlyTheFusedKernelSupportsAreNotDecoded() {
    RowFunction none = (row, offset, length, batchEntry, head, query, key) -> {};
    Cached cache = cached(1, 1, 20);
    assertThat(decodes(1, builder -> builder.normaliser(Normaliser.softmaxWithSinks(0)), cache)).isTrue();
    assertThat(decodes(1, builder -> builder.normaliser(Normaliser.relu()), cache)).isFalse();
    assertThat(decodes(1, builder -> builder.similarity(Similarity.cosine()), cache)).isFalse();
    assertThat(decodes(1, builder -> builder.scoreFunction(none), cache)).isTrue();
    assertThat(decodes(1, builder -> builder.observe(Stage.MASKED, none), cache)).isFalse();
    assertThat(decodes(1, builder -> builder.observe(Stage.WEIGHTS, none), cache)).isFalse();
    assertThat(decodes(1, builder -> builder.weightFunction(none), cache)).isFalse();
    assertThat(decodes(1, builder -> builder.scale(1e30f), cache)).isFalse();
    assertThat(decodes(1, builder -> builder.scale(1e-30f), cache)).isFalse();
  }

  @Test
  void wideKeysAreNotDecoded() {
    assertThat(decodes(1, builder -> builder, cached(1, Tiles.KC, 1))).isTrue();
    assertThat(decodes(1, builder -> builder, cached(1, Tiles.KC + 1, 1))).isFalse();
  }

  /** 64 spans of keys, whose blocks are all the same one. */
  private record OneBlock(KeyValueMemory block, int rows) implements CachedSequence {
    @Override
    public KeyValueLayout layout() {
      return block.layout();
    }

    @Override
    public KeyValueMemory memory(int logicalBlock) {
      return block;
    }

    @Override
    public int physicalBlock(int logicalBlock) {
      return 0;
    }
  }

  /** An array holds 2<sup>31</sup> − 1 floats, and each of 64 spans stores the output of a row and two more floats. */
  @Test
  void callsWhoseResultsFitInNoArrayAreNotDecoded() {
    int widest = Integer.MAX_VALUE / (64 * 16) - 2;
    int keys = 64 * RowOrder.SPAN;
    KeyValueMemory tooWide = memory(1, 1, widest + 1, 1);
    assertThat(plan(1, 1, 16, builder -> builder, new OneBlock(memory(1, 1, widest, 1), keys)).decodes(0)).isTrue();
    assertThat(plan(1, 1, 16, builder -> builder, new OneBlock(tooWide, keys)).decodes(0)).isFalse();
    assertThat(plan(1, 1, 16, builder -> builder, new OneBlock(tooWide, keys - RowOrder.SPAN)).decodes(0)).isTrue();
    assertThat(plan(1, 1, 8, builder -> builder, new OneBlock(tooWide, keys)).decodes(0)).isTrue();
    assertThat(plan(1, 2, 8, builder -> builder, new OneBlock(tooWide, keys)).decodes(0)).isFalse();
  }

  /** The fused kernel computes a sequence with NaN in a block, unless all rows of the block have been dropped. */
  @Test
  void specialBlocksAreNotDecoded() {
    for (int block = 0; block < 3; block++) {
      KeyValueMemory memory = memory(1, 1, 1, 40);
      Heads special = Heads.of(new float[] {Float.NaN}, 1, 1, 1, 1);
      int row = block * 16;
      memory.write(block, 3, special, special, 0, 0);
      assertThat(decodes(1, builder -> builder, new Cached(memory, 40, 0, 0))).as("block %s", block).isFalse();
      assertThat(decodes(1, builder -> builder, new Cached(memory, 48, row, row + 16))).as("block %s dropped", block).isTrue();
      assertThat(decodes(1, builder -> builder, new Cached(memory, 48, row, row + 15))).as("block %s but a row", block).isFalse();
      assertThat(decodes(1, builder -> builder, new Cached(memory, 48, row + 1, 48))).as("block %s but its first", block).isFalse();
    }
    KeyValueMemory memory = memory(1, 1, 1, 40);
    Heads special = Heads.of(new float[] {Float.NaN}, 1, 1, 1, 1);
    memory.write(1, 0, special, special, 0, 0);
    assertThat(decodes(1, builder -> builder, new Cached(memory, 16, 0, 0))).as("a row past the end").isTrue();
  }

  /** There are at most 64 tasks along the keys, and four tasks for each thread if there are enough heads. */
  @Test
  void tasksCoverSpansAndRangesOfHeads() {
    RowFunction none = (row, offset, length, batchEntry, head, query, key) -> {};
    for (int keys : new int[] {0, 1, 1280, 1281, 2560, 81_920, 81_921, 180_000}) {
      int spans = Math.max(1, Math.ceilDiv(keys, RowOrder.SPAN));
      int taskSpans = Math.ceilDiv(spans, 64);
      for (int heads : new int[] {1, 3, 7, 40}) {
        Cached cache = cached(heads, 1, keys);
        for (int threads : new int[] {1, 2, 5}) {
          for (boolean function : new boolean[] {false, true}) {
            for (int batch : new int[] {1, 3}) {
              Cached[] caches = new Cached[batch];
              Arrays.fill(caches, cache);
              DecodePlan plan = plan(threads, 2 * heads, 3, b -> function ? b.scoreFunction(none) : b, caches);
              String what = keys + " keys, " + heads + " heads, " + threads + " threads, function " + function + ", batch " + batch;
              int keyTasks = function ? 1 : Math.ceilDiv(spans, taskSpans);
              int ranges = threads == 1 ? 1 : Math.min(heads, Math.ceilDiv(4 * threads, keyTasks * batch));
              assertThat(plan.rows(0)).as(what).isEqualTo(6);
              assertThat(plan.tasks(batch - 1)).as(what).isEqualTo(keyTasks * ranges);
              for (int task = 0; task < plan.tasks(0); task++) {
                assertTask(plan, task, ranges, heads, function ? spans : taskSpans, spans, what);
              }
              assertThat(plan.fromKey(spans - 1)).as(what).isEqualTo((spans - 1) * RowOrder.SPAN);
              assertThat(plan.toKey(0, spans - 1)).as(what).isEqualTo(keys);
              assertThat(plan.resultIndex(0, spans - 1, heads - 1, 5)).as(what).isEqualTo((spans * heads * 6 - 1) * 3);
            }
          }
        }
      }
    }
  }

  private static void assertTask(DecodePlan plan, int task, int ranges, int heads, int taskSpans, int spans, String what) {
    int range = task % ranges;
    assertThat(plan.fromHead(0, task)).as(what).isEqualTo(range * heads / ranges);
    assertThat(plan.toHead(0, task)).as(what).isEqualTo((range + 1) * heads / ranges);
    assertThat(plan.fromSpan(0, task)).as(what).isEqualTo(task / ranges * taskSpans);
    assertThat(plan.toSpan(0, task)).as(what).isEqualTo(Math.min(spans, (task / ranges + 1) * taskSpans));
  }

  /** A window over many keys has tasks for the spans that it sees only. */
  @Test
  void spansThatNoRowSeesHaveNoTasks() {
    Cached cache = cached(1, 1, 5000);
    for (int first : new int[] {0, 1279, 1280, 4999, 5000}) {
      for (int end : new int[] {first, first + 1, first + 1400}) {
        int to = Math.min(end, 5000);
        DecodePlan plan = plan(1, 1, 2, call -> call.visibility(new KeyRange(first, to)), cache);
        int firstSpan = first >= to ? 0 : first / RowOrder.SPAN;
        int endSpan = first >= to ? 1 : Math.ceilDiv(to, RowOrder.SPAN);
        assertThat(plan.tasks(0)).as("keys %s to %s", first, to).isEqualTo(endSpan - firstSpan);
        assertThat(plan.fromSpan(0, 0)).isEqualTo(firstSpan);
        assertThat(plan.toSpan(0, plan.tasks(0) - 1)).isEqualTo(endSpan);
        assertThat(plan.resultIndex(0, firstSpan, 0, 0)).isZero();
      }
    }
  }

  /** The results of a batch entry return to the pool when its last task ends, and are large enough. */
  @Test
  void resultsReturnToThePool() {
    int keys = 2 * RowOrder.SPAN - 180;
    DecodePlan plan = plan(2, 4, 3, builder -> builder, cached(2, 5, keys), cached(2, 5, keys));
    float[] first = plan.results(0);
    assertThat(first.length).as("two spans of twelve rows").isGreaterThanOrEqualTo(2 * 12 * 7);
    assertThat(plan.results(0)).isSameAs(first);
    for (int task = 0; task < plan.tasks(0); task++) {
      plan.finish(0);
    }
    assertThat(plan.results(1)).isSameAs(first);
  }
}
