package dev.lanewise.kernels.simd.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.testing.AttentionCall;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory that decoding holds between its spans and their join is bounded by the number of threads, not of sequences. */
class DecodeScratchTest {
  private static final int SEQUENCES = 64;
  private static final int KEYS = 33_000;
  private static final int HEADS = 4;
  private static final int QUERIES = 2;
  private static final int WIDTH = 8;
  private static final KeyValueLayout LAYOUT = new KeyValueLayout(KeyValueFormat.F32, HEADS, WIDTH, WIDTH);

  /** Number of spans of a sequence times the size of a span's results. */
  private static final int RESULTS = Math.ceilDiv(KEYS, RowOrder.SPAN) * HEADS * QUERIES * (2 + WIDTH);

  @BeforeAll
  static void decodingIsPartOfTheSimdPath() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  /** Sequences that share one memory, in which all rows are 0. */
  private record Cached(KeyValueMemory all) implements CachedSequence {
    @Override
    public KeyValueLayout layout() {
      return LAYOUT;
    }

    @Override
    public int rows() {
      return KEYS;
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

  private static AttentionProblem problem(boolean changed) {
    CachedSequence[] cached = new CachedSequence[SEQUENCES];
    KeyValueMemory memory = KeyValueMemory.heap(LAYOUT, Math.ceilDiv(KEYS, KeyValueLayout.BLOCK_ROWS), null);
    Arrays.fill(cached, new Cached(memory));
    Heads query = Heads.of(new float[SEQUENCES * HEADS * QUERIES * WIDTH], SEQUENCES, HEADS, QUERIES, WIDTH);
    AttentionCall builder = AttentionCall.of(query, cached).logSumExp(new float[SEQUENCES * HEADS * QUERIES]);
    if (changed) {
      builder.scoreFunction((row, offset, length, b, head, i, firstKey) -> {});
    }
    return builder.build();
  }

  /** A task that is running. */
  private record Running(int entry, int task) {}

  /** As many tasks run at a time as there are threads, and tasks end in the order in which they begin. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void resultsAreHeldForRunningTasksOnly(int threads) {
    DecodePlan plan = new DecodePlan(problem(false), threads);
    Set<float[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Running> running = new ArrayDeque<>();
    for (int b = 0; b < SEQUENCES; b++) {
      for (int task = 0; task < plan.tasks(b); task++) {
        if (running.size() == threads) {
          plan.finish(running.removeFirst().entry());
        }
        float[] results = plan.results(b);
        assertThat(results.length).isGreaterThanOrEqualTo(RESULTS);
        arrays.add(results);
        running.add(new Running(b, task));
      }
    }
    running.forEach(last -> plan.finish(last.entry()));
    assertThat(arrays).as("arrays for %s sequences on %s threads", SEQUENCES, threads).hasSizeLessThanOrEqualTo(threads + 1);
  }

  /** A thread that is stuck in the first task of a sequence holds the results of that sequence only. */
  @Test
  void aLongTaskHoldsTheResultsOfItsSequenceOnly() {
    DecodePlan plan = new DecodePlan(problem(false), 2);
    Set<float[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
    float[] stuck = plan.results(0);
    for (int b = 0; b < SEQUENCES; b++) {
      for (int task = b == 0 ? 1 : 0; task < plan.tasks(b); task++) {
        arrays.add(plan.results(b));
        plan.finish(b);
      }
    }
    plan.finish(0);
    assertThat(arrays).contains(stuck).hasSizeLessThanOrEqualTo(2);
  }

  /** With a function that must receive the keys in order, a task has all spans. */
  @Test
  void aFunctionKeepsTheSpansOfASequenceInOneTask() {
    DecodePlan cut = new DecodePlan(problem(false), 2);
    DecodePlan whole = new DecodePlan(problem(true), 2);
    assertThat(cut.tasks(0)).isGreaterThan(whole.tasks(0));
    for (int task = 0; task < whole.tasks(0); task++) {
      assertThat(whole.fromSpan(0, task)).isZero();
      assertThat(whole.toKey(0, whole.toSpan(0, task) - 1)).isEqualTo(KEYS);
    }
  }
}
