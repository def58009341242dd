package dev.lanewise.kernels;

import java.util.Arrays;

/**
 * Attention of a few query rows to cached keys: one pass over K and V, shared by all query rows and all query heads of a group, in the
 * order in which they lie in memory.
 *
 * <pre>
 * for each tile of {@link DecodeRows#KEYS} keys that any row sees          four blocks, four streams from memory
 *   for each key/value head                                       side by side in each block
 *     scores[row][key] = Q · Kᵀ      keys in the lanes            ({@link WideningKernel})
 *     changes, mask, online softmax, row by row                   ({@link DecodeRows})
 *     accumulated[row] += weights · V   columns of V in the lanes ({@link WideningKernel})
 * </pre>
 *
 * A row passes through the same operations whatever rows are beside it. One instance works on one thread at a time and keeps its scratch.
 */
final class DecodeAttention {
  private static final int KEYS = DecodeRows.KEYS;
  private static final int BLOCK = KeyValueLayout.BLOCK_ROWS;
  private static final int LANES = Lanes.COUNT;
  private static final int VECTORS = StoredRows.COLUMNS * LANES;

  /** Weights of halves are larger by this, and their output smaller: in between nothing gets lost at either end. */
  private static final float HALF_WEIGHT = Math.scalb(1f, WideningKernel.HALF_EXPONENT / 2);

  private final StoredRows stored = new StoredRows(KEYS / BLOCK);
  private final DecodeTile tile = new DecodeTile();
  private final DecodeQueries queries = new DecodeQueries();
  private final Strip a = new Strip();
  private final Strip c = new Strip();
  private float[] scores = new float[0];
  private float[] accumulated = new float[0];
  private float[] max = new float[0];
  private float[] sums = new float[0];
  private int rows;
  private int width;

  /** Lets go of the caller's objects. */
  void release() {
    stored.release();
    tile.release();
    queries.release();
  }

  /** Runs a task of a batch entry. */
  void run(DecodePlan plan, int batchEntry, int task) {
    AttentionProblem problem = plan.problem();
    KeyValueRows cached = problem.cached(batchEntry);
    int fromHead = plan.fromHead(batchEntry, task);
    int toHead = plan.toHead(batchEntry, task);
    rows = plan.rows(batchEntry);
    width = Packing.roundUp(cached.layout().valueWidth(), Math.max(VECTORS, BLOCK));
    queries.open(problem, batchEntry, fromHead, toHead);
    int allRows = (toHead - fromHead) * rows;
    scores = atLeast(scores, rows * KEYS);
    accumulated = atLeast(accumulated, allRows * width);
    max = atLeast(max, allRows);
    sums = atLeast(sums, allRows * LANES);
    Arrays.fill(accumulated, 0, allRows * width, 0);
    Arrays.fill(max, 0, allRows, Float.NEGATIVE_INFINITY);
    Arrays.fill(sums, 0, allRows * LANES, 0);
    int to = Math.min(plan.toKey(batchEntry, task), queries.to());
    for (int key = Math.max(plan.fromKey(batchEntry, task), queries.from()) / KEYS * KEYS; key < to; key += KEYS) {
      if (tile.open(cached, key)) {
        for (int head = fromHead; head < toHead; head++) {
          head(problem, head, (head - fromHead) * rows);
        }
      }
    }
    for (int head = fromHead; head < toHead; head++) {
      for (int row = 0; row < rows; row++) {
        leave((head - fromHead) * rows + row, plan.results(), plan.resultIndex(batchEntry, task, head, row), cached.layout());
      }
    }
    plan.finish(batchEntry);
  }

  private static float[] atLeast(float[] array, int size) {
    return array.length < size ? new float[size] : array;
  }

  /** One tile of one head; its rows' state begins at {@code first}. */
  private void head(AttentionProblem problem, int head, int first) {
    long anyVisible = 0;
    for (int row = 0; row < rows; row++) {
      anyVisible |= queries.look(first + row, tile);
    }
    if (anyVisible == 0) {
      return;
    }
    tile.openHead(head);
    score(tile, first);
    boolean int8 = tile.format() == KeyValueFormat.INT8;
    for (int row = 0; row < rows; row++) {
      int at = row * KEYS;
      if (int8) {
        DecodeRows.multiply(scores, at, tile.scales(), 0);
      } else if (tile.format() == KeyValueFormat.F16) {
        DecodeRows.multiply(scores, at, queries.rest(first + row));
      }
      long visible = queries.visible(first + row);
      if (problem.changesScores()) {
        queries.change(problem, first + row, tile, scores, at);
        visible &= DecodeRows.finite(scores, at);
      }
      normalise(first + row, at, visible);
      if (int8) {
        DecodeRows.multiply(scores, at, tile.scales(), KEYS);
        DecodeRows.hide(scores, at, visible, 0);
      } else if (tile.format() == KeyValueFormat.F16) {
        DecodeRows.multiply(scores, at, HALF_WEIGHT);
      }
    }
    if (problem.output != null) {
      blend(tile, first, anyVisible);
    }
  }

  private void score(DecodeTile tile, int first) {
    Arrays.fill(scores, 0, rows * KEYS, 0);
    stored.segments = 1;
    stored.step = BLOCK;
    for (int key = 0; key < KEYS; key += VECTORS) {
      for (int v = 0; v < StoredRows.COLUMNS; v++) {
        int of = key + v * LANES;
        stored.set(0, v, tile.data(of / BLOCK), tile.head(of / BLOCK) + of % BLOCK);
      }
      multiply(queries.data(), queries.index(first), queries.width(), scores, key, KEYS, queries.width());
    }
  }

  private void blend(DecodeTile tile, int first, long anyVisible) {
    int firstBlock = Long.numberOfTrailingZeros(anyVisible) / BLOCK;
    int endBlock = (KEYS - 1 - Long.numberOfLeadingZeros(anyVisible)) / BLOCK + 1;
    KeyValueLayout layout = tile.layout();
    int padded = layout.paddedValueWidth();
    stored.segments = endBlock - firstBlock;
    for (int column = 0; column < padded; column += VECTORS) {
      stored.step = layout.panelWidth(column);
      for (int v = 0; v < StoredRows.COLUMNS; v++) {
        int of = Math.min(column + v * LANES, padded - LANES); // past the last it goes to columns that nobody reads
        int index = layout.valueIndex(0, of);
        for (int block = firstBlock; block < endBlock; block++) {
          stored.set(block - firstBlock, v, tile.data(block), tile.head(block) + index);
        }
      }
      multiply(scores, firstBlock * BLOCK, KEYS, accumulated, first * width + column, width, BLOCK);
    }
  }

  /** All rows of a head, a few at a time. */
  private void multiply(float[] left, int from, int leftStride, float[] result, int to, int resultStride, int depth) {
    WideningKernel kernel = tile.kernel();
    for (int row = 0; row < rows; row += Tiles.GROUP_ROWS) {
      int group = Math.min(Tiles.GROUP_ROWS, rows - row);
      a.set(left, from + row * leftStride, leftStride);
      c.set(result, to + row * resultStride, resultStride);
      if (group == 1) {
        kernel.multiply1(a, stored, c, depth);
      } else if (group == 2) {
        kernel.multiply2(a, stored, c, depth, group);
      } else {
        kernel.multiply4(a, stored, c, depth, group);
      }
    }
  }

  /** Scores of a row become weights; what has been accumulated follows if the maximum moves. */
  private void normalise(int state, int at, long visible) {
    if (visible != -1L) {
      DecodeRows.hide(scores, at, visible, Float.NEGATIVE_INFINITY);
    }
    float old = max[state];
    float highest = DecodeRows.max(scores, at, old);
    if (highest != old) {
      float factor = (float) Math.exp(old - highest);
      DecodeRows.multiply(accumulated, state * width, width, factor);
      DecodeRows.multiply(sums, state * LANES, LANES, factor);
      max[state] = highest;
    }
    // 0 in place of −∞, so that a row without any key so far computes −∞ − 0 and not −∞ − −∞
    DecodeRows.exponentials(scores, at, highest == Float.NEGATIVE_INFINITY ? 0 : highest, sums, state * LANES);
  }

  /** Writes a row's result for the plan to join. */
  private void leave(int state, float[] results, int to, KeyValueLayout layout) {
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) {
      sum += sums[state * LANES + lane];
    }
    results[to] = max[state];
    results[to + DecodeResults.SUM] = sum;
    if (layout.format() == KeyValueFormat.F16) {
      DecodeRows.multiply(accumulated, state * width, width, Math.scalb(1f, WideningKernel.HALF_EXPONENT) / HALF_WEIGHT);
    }
    System.arraycopy(accumulated, state * width, results, to + DecodeResults.OUTPUT, layout.valueWidth());
  }
}
