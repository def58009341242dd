package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.fused.SpanResults;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.stored.BlockOperand;
import dev.lanewise.kernels.simd.stored.WideningKernel;
import java.util.Arrays;

/**
 * Attention of a few query rows over cached keys: one pass over K and V in memory order, shared by all query rows and all query heads of a
 * key/value head. The operations on a row are those of {@link RowOrder}.
 *
 * <pre>
 * for each tile of {@link DecodeSoftmax#KEYS} keys that any row sees        four blocks, four memory streams
 *   for each key/value head: scores[row][key] = Q · Kᵀ          keys in the lanes ({@link WideningKernel})
 *   for each row: changes, mask, online softmax                                   ({@link DecodeSoftmax})
 *   for each key/value head: accumulated[row] += weights · V    columns in the lanes ({@link WideningKernel})
 * </pre>
 *
 * K of all heads is read before V of any head. A softmax waits for its last score, and nothing is fetched meanwhile: one wait for each tile
 * costs nothing, one for each head doubles the time.
 *
 * <p>The operations on a row do not depend on other rows of the call. One instance works on one thread at a time and keeps its scratch.
 */
public final class DecodeAttention extends ScratchPool.Member {
  private static final ScratchPool<DecodeAttention> POOL = new ScratchPool<>(DecodeAttention::new);
  private static final int KEYS = DecodeSoftmax.KEYS;
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;
  private static final int ROWS = 4;

  private static final int LANES = Lanes.COUNT;

  /** Factor of weights for half-precision values; the output is divided by it. In between nothing overflows or underflows. */
  private static final float HALF_WEIGHT = Math.scalb(1f, WideningKernel.HALF_EXPONENT / 2);

  private final DecodeTile tile = new DecodeTile();
  private final DecodeQueries queries = new DecodeQueries();
  private final Operand a = new Operand();
  private final Operand c = new Operand();
  private float[] scores = new float[0];
  private float[] accumulated = new float[0];
  private float[] base = new float[0];
  private float[] sums = new float[0];
  private int rows;
  private int width;

  private DecodeAttention() {}

  /** Runs a task of a batch entry on the calling thread. */
  public static void decode(DecodePlan plan, int batchEntry, int task) {
    DecodeAttention attention = POOL.take();
    try {
      attention.run(plan, batchEntry, task);
    } finally {
      attention.release();
      POOL.give(attention);
    }
  }

  /** Drops the references to the caller's objects. */
  private void release() {
    tile.release();
    queries.release();
  }

  private void run(DecodePlan plan, int batchEntry, int task) {
    AttentionProblem problem = plan.problem();
    CachedSequence cached = problem.cached(batchEntry);
    int fromHead = plan.fromHead(batchEntry, task);
    int toHead = plan.toHead(batchEntry, task);
    rows = plan.rows(batchEntry);
    width = cached.layout().paddedValueWidth();
    queries.open(problem, batchEntry, fromHead, toHead);
    for (int span = plan.fromSpan(batchEntry, task); span < plan.toSpan(batchEntry, task); span++) {
      run(plan, batchEntry, span, fromHead, toHead);
    }
    plan.finish(batchEntry);
  }

  /** Computes one span of keys for a range of heads. */
  private void run(DecodePlan plan, int batchEntry, int span, int fromHead, int toHead) {
    AttentionProblem problem = plan.problem();
    CachedSequence cached = problem.cached(batchEntry);
    int allRows = (toHead - fromHead) * rows;
    scores = atLeast(scores, allRows * KEYS);
    accumulated = atLeast(accumulated, allRows * width);
    base = atLeast(base, allRows);
    sums = atLeast(sums, allRows);
    Arrays.fill(accumulated, 0, allRows * width, 0);
    Arrays.fill(base, 0, allRows, Float.NEGATIVE_INFINITY);
    Arrays.fill(sums, 0, allRows, 0);
    int to = Math.min(plan.toKey(batchEntry, span), queries.to());
    for (int key = Math.max(plan.fromKey(span), queries.from()) / KEYS * KEYS; key < to; key += KEYS) {
      Interruption.check();
      if (!tile.open(cached, key) || !tile(problem, fromHead, toHead)) {
        key = Math.max(key, queries.nextKey(allRows, key + KEYS) / KEYS * KEYS - KEYS); // skips a large hole
      }
    }
    float[] results = plan.results(batchEntry);
    for (int head = fromHead; head < toHead; head++) {
      for (int row = 0; row < rows; row++) {
        leave((head - fromHead) * rows + row, results, plan.resultIndex(batchEntry, span, head, row), cached.layout());
      }
    }
  }

  private static float[] atLeast(float[] array, int size) {
    return array.length < size ? new float[size] : array;
  }

  /**
   * Computes one tile for the heads {@code fromHead} (inclusive) to {@code toHead} (exclusive); returns whether any row sees any of its
   * keys.
   */
  private boolean tile(AttentionProblem problem, int fromHead, int toHead) {
    long visible = 0;
    int allRows = (toHead - fromHead) * rows;
    for (int row = 0; row < allRows; row++) {
      visible |= queries.look(row, tile);
    }
    if (visible == 0) {
      return false;
    }
    Arrays.fill(scores, 0, allRows * KEYS, 0);
    for (int head = fromHead; head < toHead; head++) {
      for (int key = 0; key < BLOCK; key += LANES) {
        score(head, (head - fromHead) * rows, key);
      }
    }
    for (int row = 0; row < allRows; row++) {
      normalise(problem, row, fromHead + row / rows);
    }
    for (int head = fromHead; head < toHead && problem.output != null; head++) {
      for (int column = 0; column < width; column += LANES) {
        blend(head, (head - fromHead) * rows, column);
      }
    }
    return true;
  }

  /** Computes scores of a head's rows, from row {@code first} on, for one vector of keys of each block, from {@code key} on. */
  private void score(int head, int first, int key) {
    BlockOperand keys = tile.keys(head, key);
    int depth = queries.width();
    for (int row = 0; row < rows; row += count(row)) {
      a.set(queries.data(), queries.index(first + row), depth);
      c.set(scores, (first + row) * KEYS + key, KEYS);
      if (count(row) == 1) {
        tile.kernel().scores1(a, keys, c, depth);
      } else {
        tile.kernel().scores4(a, keys, c, depth, count(row));
      }
    }
  }

  /** Adds one vector of columns of the tile's weighted values to a head's rows, from row {@code first} on. */
  private void blend(int head, int first, int column) {
    BlockOperand values = tile.values(head, column);
    for (int row = 0; row < rows; row += count(row)) {
      a.set(scores, (first + row) * KEYS, KEYS);
      c.set(accumulated, (first + row) * width + column, width);
      if (count(row) == 1) {
        tile.kernel().blend1(a, values, c);
      } else {
        tile.kernel().blend4(a, values, c, count(row));
      }
    }
  }

  /** Number of rows that are computed together. Two rows are faster one by one, because the keys are in cache for the second. */
  private int count(int row) {
    return rows - row < 3 ? 1 : Math.min(ROWS, rows - row);
  }

  /** Turns the scores of a row into weights and rescales the accumulated sums if the base moves. */
  private void normalise(AttentionProblem problem, int state, int head) {
    int at = state * KEYS;
    boolean int8 = tile.format() == KeyValueFormat.INT8;
    boolean halves = tile.format() == KeyValueFormat.F16;
    float scale = halves ? queries.rest(state) : 1;
    if (int8) {
      tile.scale(head, false, scores, at);
    }
    long visible = queries.visible(state);
    if (problem.changesScores()) {
      if (halves) {
        DecodeSoftmax.multiply(scores, at, KEYS, scale);
        scale = 1;
      }
      queries.change(problem, state, tile, scores, at);
      visible &= DecodeSoftmax.finite(scores, at);
    }
    if (visible != -1L) {
      DecodeSoftmax.hide(scores, at, visible, Float.NEGATIVE_INFINITY);
    }
    float old = base[state];
    if (DecodeSoftmax.exceeds(scores, at, scale, old + RowOrder.RISE)) {
      base[state] = scale * DecodeSoftmax.max(scores, at);
      if (old != Float.NEGATIVE_INFINITY) {
        float factor = RowOrder.exp(old - base[state]);
        DecodeSoftmax.multiply(accumulated, state * width, width, factor);
        sums[state] *= factor;
      }
    }
    // 0 instead of −∞, so that a row without keys so far computes −∞ − 0 and not −∞ − −∞
    float subtracted = base[state] == Float.NEGATIVE_INFINITY ? 0 : base[state];
    DecodeSoftmax.exponentials(scores, at, scale, subtracted, halves ? HALF_WEIGHT : 1);
    float sum = DecodeSoftmax.sum(scores, at);
    sums[state] += halves ? sum * (1 / HALF_WEIGHT) : sum;
    if (int8) {
      tile.scale(head, true, scores, at);
      if (visible != -1L) {
        DecodeSoftmax.hide(scores, at, visible, 0); // 0 times a scale of NaN is NaN
      }
    }
  }

  /** Writes a row's result of a span, which the plan joins with those of other spans. */
  private void leave(int state, float[] results, int to, KeyValueLayout layout) {
    results[to] = base[state];
    results[to + SpanResults.SUM] = sums[state];
    if (layout.format() == KeyValueFormat.F16) {
      DecodeSoftmax.multiply(accumulated, state * width, width, Math.scalb(1f, WideningKernel.HALF_EXPONENT) / HALF_WEIGHT);
    }
    System.arraycopy(accumulated, state * width, results, to + SpanResults.OUTPUT, layout.valueWidth());
  }
}
