package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.simd.fused.SpanResults;
import dev.lanewise.kernels.simd.fused.SpanStore;
import dev.lanewise.kernels.simd.fused.SpanTasks;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * The cut of the batch entries that are decoded. Keys are cut into the spans of {@link RowOrder}. Heads are cut into ranges, as many as
 * keep the threads busy. A task computes some consecutive spans of a range of heads, or all spans in order if a function of the caller must
 * receive the keys in order. Each span stores the base, sum and output of its rows, and the last task joins them ({@link SpanResults}).
 */
public final class DecodePlan {
  /** The most tasks along the keys. */
  private static final int MOST_KEY_TASKS = 64;

  private static final int TASKS_PER_THREAD = 4;

  private final AttentionProblem problem;
  private final int threads;
  private final int heads;
  private final int rowSize;

  private final SpanStore store;
  private final boolean[] decodes;

  /** The first span of which any row of a batch entry sees a key, and one past the last, at least one more. */
  private final int[] firstSpan;

  private final int[] endSpan;

  /** Cuts a call over cached keys. */
  public DecodePlan(AttentionProblem problem, int threads) {
    KeyValueLayout layout = problem.cached(0).layout();
    this.problem = problem;
    this.threads = threads;
    this.heads = layout.heads();
    this.rowSize = SpanResults.rowSize(layout.valueWidth());
    this.store = new SpanStore(problem.shape.batch());
    this.decodes = new boolean[problem.shape.batch()];
    this.firstSpan = new int[problem.shape.batch()];
    this.endSpan = new int[problem.shape.batch()];
    for (int b = 0; b < problem.shape.batch(); b++) {
      decodes[b] = canDecode(problem, b) && rows(b) > 0 && findSpans(b);
      store.expect(b, decodes(b) ? tasks(b) : 0);
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
    return DecodeSupport.supports(problem) && !holdsSpecial(rows);
  }

  /** Finds the spans that are seen; returns whether arrays can hold their rows. */
  private boolean findSpans(int batchEntry) {
    SpanTasks.findSpans(problem, batchEntry, firstSpan, endSpan);
    KeyValueLayout layout = problem.cached(batchEntry).layout();
    long ofRow = Math.max(Math.max(layout.keyWidth(), layout.paddedValueWidth()), DecodeSoftmax.KEYS);
    return (long) heads * rows(batchEntry) * Math.max(ofRow, (long) spans(batchEntry) * rowSize) <= Integer.MAX_VALUE;
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
    return keyTasks(batchEntry) * ranges(batchEntry);
  }

  /** Number of tasks along the keys. */
  private int keyTasks(int batchEntry) {
    return Math.ceilDiv(spans(batchEntry), taskSpans(batchEntry));
  }

  /** Number of spans of a task. */
  private int taskSpans(int batchEntry) {
    int spans = spans(batchEntry);
    return problem.formula.changesByFunction() ? spans : Math.ceilDiv(spans, MOST_KEY_TASKS);
  }

  private int spans(int batchEntry) {
    return endSpan[batchEntry] - firstSpan[batchEntry];
  }

  /** Number of ranges of heads. One thread should read all heads of a block if there are enough spans. */
  private int ranges(int batchEntry) {
    long wanted = threads == 1 ? 1 : Math.ceilDiv((long) threads * TASKS_PER_THREAD, (long) keyTasks(batchEntry) * problem.shape.batch());
    return (int) Math.min(wanted, heads);
  }

  /** The first span of a task. */
  int fromSpan(int batchEntry, int task) {
    return firstSpan[batchEntry] + task / ranges(batchEntry) * taskSpans(batchEntry);
  }

  /** One past a task's last span. */
  int toSpan(int batchEntry, int task) {
    return Math.min(fromSpan(batchEntry, task) + taskSpans(batchEntry), endSpan[batchEntry]);
  }

  int fromKey(int span) {
    return span * RowOrder.SPAN;
  }

  int toKey(int batchEntry, int span) {
    return (int) Math.min((span + 1L) * RowOrder.SPAN, problem.shape.keys(batchEntry));
  }

  int fromHead(int batchEntry, int task) {
    int ranges = ranges(batchEntry);
    return (int) ((long) (task % ranges) * heads / ranges);
  }

  int toHead(int batchEntry, int task) {
    int ranges = ranges(batchEntry);
    return (int) ((task % ranges + 1L) * heads / ranges);
  }

  /** Index of the result of a row in a span in {@link #results}; the spans of a row follow each other. */
  int resultIndex(int batchEntry, int span, int head, int row) {
    return ((head * rows(batchEntry) + row) * spans(batchEntry) + span - firstSpan[batchEntry]) * rowSize;
  }

  /** The results of a batch entry's spans. */
  float[] results(int batchEntry) {
    return held(batchEntry).data();
  }

  private SpanResults held(int batchEntry) {
    return store.held(batchEntry, spans(batchEntry) * heads * rows(batchEntry) * rowSize, rowSize - SpanResults.OUTPUT);
  }

  /** Ends a task. The last task of a batch entry joins the results of all spans. */
  void finish(int batchEntry) {
    if (!store.finish(batchEntry)) {
      return;
    }
    SpanResults all = held(batchEntry);
    for (int head = 0; head < heads; head++) {
      for (int row = 0; row < rows(batchEntry); row++) {
        all.join(problem, batchEntry, head, row, resultIndex(batchEntry, firstSpan[batchEntry], head, row), spans(batchEntry));
      }
    }
    store.giveBack(batchEntry);
  }
}
