package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.plain.ScalarAttention;
import dev.lanewise.kernels.simd.fused.OnlineSoftmax;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * The cut of the batch entries that are decoded. Keys are cut into splits; the number of splits depends on the number of keys only. Heads
 * are cut into ranges, as many as keep the threads busy. A task is one split of a range of heads, or all splits in order if a function of
 * the caller must receive the keys in order. Each split stores the maximum, sum and output of its rows, and the last task merges them: o =
 * Σ e<sup>m<sub>c</sub> − m</sup> o<sub>c</sub> / Σ e<sup>m<sub>c</sub> − m</sup> l<sub>c</sub> ("FlashAttention", Dao et al., 2022,
 * section 3.1; "Flash-Decoding", 2023).
 */
public final class DecodePlan {
  /** The least number of keys of a split: reading their rows takes far longer than storing and merging a result. */
  private static final int SPLIT = 512;

  /** The most splits of a sequence. */
  static final int MOST_SPLITS = 64;

  private static final int TASKS_PER_THREAD = 4;

  private final AttentionProblem problem;
  private final int threads;
  private final int heads;
  private final int rowSize;

  /** Number of unfinished tasks of each batch entry; 0 for entries that are not decoded. */
  private final AtomicIntegerArray unfinished;

  /**
   * The results of a batch entry's splits, held from its first task to its last; guarded by this. Tasks begin in order, so at most one
   * batch entry for each thread, and one more that begins, holds results.
   */
  private final @Nullable DecodeResults[] results;

  private final boolean[] decodes;

  /** Cuts a call over cached keys. */
  public DecodePlan(AttentionProblem problem, int threads) {
    KeyValueLayout layout = problem.cached(0).layout();
    this.problem = problem;
    this.threads = threads;
    this.heads = layout.heads();
    this.rowSize = DecodeResults.rowSize(layout.valueWidth());
    this.unfinished = new AtomicIntegerArray(problem.shape.batch());
    this.results = new @Nullable DecodeResults[problem.shape.batch()];
    this.decodes = new boolean[problem.shape.batch()];
    for (int b = 0; b < problem.shape.batch(); b++) {
      decodes[b] = canDecode(problem, b) && rows(b) > 0;
      unfinished.set(b, decodes(b) ? tasks(b) : 0);
    }
  }

  /**
   * Whether a batch entry can be decoded: it has few queries, and the call uses no option that only the fused kernel supports. The answer
   * depends on the batch entry and the call only.
   */
  private static boolean canDecode(AttentionProblem problem, int batchEntry) {
    if (problem.computedQueries(batchEntry) > Tiles.DECODE_QUERIES) {
      return false;
    }
    CachedSequence rows = problem.cached(batchEntry);
    if (rows.layout().keyWidth() > Tiles.KC) {
      return false; // one chain of so many products would lose precision
    }
    long width = Math.max(rows.layout().keyWidth(), DecodeResults.rowSize(rows.layout().valueWidth()));
    if ((long) problem.shape.queryHeads() * problem.computedQueries(batchEntry) * width * MOST_SPLITS > Integer.MAX_VALUE) {
      return false; // no array would hold the results of all splits
    }
    return DecodeSupport.supports(problem) && !holdsSpecial(rows);
  }

  private static boolean holdsSpecial(CachedSequence rows) {
    for (int block = 0; block * KeyValueLayout.BLOCK_ROWS < rows.rows(); block++) {
      int row = block * KeyValueLayout.BLOCK_ROWS;
      boolean dropped = row >= rows.droppedFrom() && row + KeyValueLayout.BLOCK_ROWS <= rows.droppedTo();
      if (!dropped && rows.memory(block).isSpecial(rows.physicalBlock(block))) {
        return true;
      }
    }
    return false;
  }

  AttentionProblem problem() {
    return problem;
  }

  /** Whether a batch entry is decoded. */
  public boolean decodes(int batchEntry) {
    return decodes[batchEntry];
  }

  /** Number of query rows of a key/value head. */
  int rows(int batchEntry) {
    return problem.shape.group() * problem.computedQueries(batchEntry);
  }

  /** Number of tasks of a batch entry that is decoded. */
  public int tasks(int batchEntry) {
    return taskSplits(batchEntry) * ranges(batchEntry);
  }

  /** Number of tasks along the keys: one for each split, or one in all if a function must receive the keys in order. */
  private int taskSplits(int batchEntry) {
    return problem.formula.changesByFunction() ? 1 : splits(batchEntry);
  }

  /** Number of keys of a split, a multiple of a tile. */
  private int splitKeys(int batchEntry) {
    int least = Math.ceilDiv(problem.shape.keys(batchEntry), MOST_SPLITS);
    return Packing.roundUp(Math.max(SPLIT, least), DecodeSoftmax.KEYS);
  }

  private int splits(int batchEntry) {
    return Math.max(1, Math.ceilDiv(problem.shape.keys(batchEntry), splitKeys(batchEntry)));
  }

  /** Number of ranges of heads. One thread should read all heads of a block if there are enough splits. */
  private int ranges(int batchEntry) {
    long wanted = threads == 1 ? 1 : Math.ceilDiv((long) threads * TASKS_PER_THREAD, (long) taskSplits(batchEntry) * problem.shape.batch());
    return (int) Math.min(wanted, heads);
  }

  /** The first split of a task. */
  int fromSplit(int batchEntry, int task) {
    return task / ranges(batchEntry);
  }

  /** One past a task's last split. */
  int toSplit(int batchEntry, int task) {
    return problem.formula.changesByFunction() ? splits(batchEntry) : fromSplit(batchEntry, task) + 1;
  }

  int fromKey(int batchEntry, int split) {
    return split * splitKeys(batchEntry);
  }

  int toKey(int batchEntry, int split) {
    return Math.min(fromKey(batchEntry, split) + splitKeys(batchEntry), problem.shape.keys(batchEntry));
  }

  int fromHead(int batchEntry, int task) {
    int ranges = ranges(batchEntry);
    return (int) ((long) (task % ranges) * heads / ranges);
  }

  int toHead(int batchEntry, int task) {
    int ranges = ranges(batchEntry);
    return (int) ((task % ranges + 1L) * heads / ranges);
  }

  /** Index of the result of a split's row in {@link #results}. */
  int resultIndex(int batchEntry, int split, int head, int row) {
    return ((split * heads + head) * rows(batchEntry) + row) * rowSize;
  }

  /** The results of a batch entry's splits. */
  synchronized float[] results(int batchEntry) {
    DecodeResults held = results[batchEntry];
    if (held == null) {
      held = DecodeResults.take(splits(batchEntry) * heads * rows(batchEntry) * rowSize);
      results[batchEntry] = held;
    }
    return held.data();
  }

  private synchronized void giveBack(int batchEntry) {
    Objects.requireNonNull(results[batchEntry]).giveBack();
    results[batchEntry] = null;
  }

  /** Ends a task. The last task of a batch entry merges the results of all splits. */
  void finish(int batchEntry) {
    if (unfinished.decrementAndGet(batchEntry) > 0) {
      return;
    }
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < rows(batchEntry); row++) {
        join(batchEntry, head, row);
      }
    }
    giveBack(batchEntry);
  }

  private void join(int batchEntry, int head, int row) {
    float[] data = results(batchEntry);
    int first = resultIndex(batchEntry, 0, head, row);
    int distance = heads * rows(batchEntry) * rowSize;
    int end = first + splits(batchEntry) * distance;
    int queryHead = head * problem.shape.group() + row % problem.shape.group();
    int query = problem.queryRow(row);
    float max = Float.NEGATIVE_INFINITY;
    for (int at = first; at < end; at += distance) {
      max = Math.max(max, data[at]);
    }
    float base = max == Float.NEGATIVE_INFINITY ? 0 : max; // a row without keys computes −∞ − 0, and not −∞ − −∞
    double sum = 0;
    for (int at = first; at < end; at += distance) {
      sum += Math.exp(data[at] - base) * data[at + DecodeResults.SUM];
    }
    float sink = problem.formula.normaliser().sink(queryHead);
    double whole = sink == Float.NEGATIVE_INFINITY || sum == 0 ? sum : sum + Math.exp(sink - base);
    if (problem.output != null) {
      for (int at = first; at < end; at += distance) {
        data[at] = sum == 0 ? 0 : (float) (Math.exp(data[at] - base) / whole);
      }
      int to = problem.shape.queryIndex(problem.output, batchEntry, queryHead, query);
      boolean finite = true;
      for (int d = 0; d < problem.output.width(); d++) {
        double joined = 0;
        for (int at = first; at < end; at += distance) { // a factor of 0 drops its operand, NaN included
          joined += data[at] == 0 ? 0 : (double) data[at] * data[at + DecodeResults.OUTPUT + d];
        }
        float x = (float) joined;
        problem.output.data()[to + d * problem.output.columnStride()] = x;
        finite &= Float.isFinite(x);
      }
      if (!finite && Double.isFinite(sum) && !problem.callsFunctions()) { // see FusedAttention.repeatOverflown
        ScalarAttention.attend(problem, batchEntry * heads + head, row, row + 1);
        return;
      }
    }
    float[] logSumExp = problem.results.logSumExp();
    if (logSumExp != null) {
      logSumExp[problem.shape.queryNumber(batchEntry, queryHead, query)] = OnlineSoftmax.logSumExp(base, sum, sink);
    }
  }
}
