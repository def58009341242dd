package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.EntryTasks;
import dev.lanewise.kernels.call.RowKernel;
import dev.lanewise.kernels.call.RowTasks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * Cuts batch entries of few queries and many keys along the keys, so that threads share a head. A task computes some spans of {@link
 * RowOrder} for all rows of a unit, and the last task of an entry joins the spans. Other entries are cut by {@link RowTasks}. The bits of a
 * result are the same in both cases.
 */
public final class SpanTasks implements EntryTasks {
  private final AttentionProblem problem;
  private final RowTasks byRows;
  private final int threads;
  private final int heads;
  private final int valueWidth;
  private final SpanStore store;

  /** The spans of each batch entry that its rows see, if it has few rows; see {@link #findSpans}. */
  private final int[] firstSpan;

  private final int[] endSpan;

  private SpanTasks(AttentionProblem problem, RowTasks byRows, int threads) {
    this.problem = problem;
    this.byRows = byRows;
    this.threads = threads;
    this.heads = problem.shape.key().heads();
    Heads output = problem.output;
    this.valueWidth = output == null ? 0 : output.width();
    this.store = new SpanStore(problem.shape.batch());
    this.firstSpan = new int[problem.shape.batch()];
    this.endSpan = new int[problem.shape.batch()];
    for (int b = 0; b < problem.shape.batch(); b++) {
      if (rows(b) <= Tiles.QUERIES) {
        findSpans(problem, b, firstSpan, endSpan);
      }
      store.expect(b, heads * parts(b));
    }
  }

  /** The tasks of a call without caches. */
  public static EntryTasks of(AttentionProblem problem, RowTasks byRows, int threads) {
    boolean splits = threads > 1 && !problem.callsFunctions() && problem.formula.normaliser().kind() == Normaliser.Kind.SOFTMAX;
    return splits && problem.shape.mostKeys() > RowOrder.SPAN ? new SpanTasks(problem, byRows, threads) : byRows;
  }

  private int rows(int batchEntry) {
    return problem.shape.group() * problem.computedQueries(batchEntry);
  }

  /**
   * Finds the first span of which any row of a batch entry sees a key, and one past the last, at least one more. Under a window over many
   * keys most spans are not seen.
   */
  public static void findSpans(AttentionProblem problem, int batchEntry, int[] firstSpan, int[] endSpan) {
    int from = Integer.MAX_VALUE;
    int to = 0;
    for (int head = 0; head < problem.shape.queryHeads(); head++) {
      for (int i = 0; i < problem.computedQueries(batchEntry); i++) {
        int query = problem.position(i);
        int first = problem.visibility.firstKey(batchEntry, head, query);
        int end = problem.visibility.endKey(batchEntry, head, query);
        if (first < end) {
          from = Math.min(from, first);
          to = Math.max(to, end);
        }
      }
    }
    from = Math.min(from, to);
    firstSpan[batchEntry] = from / RowOrder.SPAN;
    endSpan[batchEntry] = Math.max(firstSpan[batchEntry] + 1, Math.ceilDiv(to, RowOrder.SPAN));
  }

  private int spans(int batchEntry) {
    return endSpan[batchEntry] - firstSpan[batchEntry];
  }

  /** Number of tasks of a unit; 1 if the entry is not cut along its keys. */
  private int parts(int batchEntry) {
    int rows = rows(batchEntry);
    long size = (long) heads * rows * spans(batchEntry) * SpanResults.rowSize(valueWidth);
    if (rows == 0 || rows > Tiles.QUERIES || size > Integer.MAX_VALUE) {
      return 1;
    }
    long wanted = Math.ceilDiv((long) threads * RowTasks.TASKS_PER_THREAD, (long) heads * problem.shape.batch());
    return Math.clamp(wanted, 1, spans(batchEntry));
  }

  @Override
  public int tasks(int batchEntry) {
    int parts = parts(batchEntry);
    return parts == 1 ? byRows.tasks(batchEntry) : heads * parts;
  }

  @Override
  public RowKernel open() {
    return byRows.open();
  }

  @Override
  public void run(RowKernel kernel, int batchEntry, int task) {
    int parts = parts(batchEntry);
    if (parts == 1) {
      byRows.run(kernel, batchEntry, task);
      return;
    }
    int spans = spans(batchEntry);
    int rows = rows(batchEntry);
    int head = task / parts;
    int from = firstSpan[batchEntry] + (int) ((long) (task % parts) * spans / parts);
    int to = firstSpan[batchEntry] + (int) ((task % parts + 1L) * spans / parts);
    int ofHead = rows * spans * SpanResults.rowSize(valueWidth);
    SpanResults results = store.held(batchEntry, heads * ofHead, valueWidth);
    try (FusedAttention attention = FusedAttention.take()) {
      int first = head * ofHead - firstSpan[batchEntry] * SpanResults.rowSize(valueWidth);
      attention.attendSpans(problem, batchEntry * heads + head, from, to, results.data(), first, spans);
    }
    if (store.finish(batchEntry)) {
      for (int i = 0; i < heads * rows; i++) {
        results.join(problem, batchEntry, i / rows, i % rows, i * spans * SpanResults.rowSize(valueWidth), spans);
      }
      store.giveBack(batchEntry);
    }
  }
}
