package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.plain.ScalarAttention;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import java.util.Arrays;

/**
 * The pooled results of the spans of one batch entry, and their join by {@link RowOrder} ("FlashAttention", Dao et al., 2022, section 3.1;
 * "Flash-Decoding", 2023). Each row of a span has its base, sum and output.
 */
public final class SpanResults extends ScratchPool.Member {
  /** Offset of a row's sum; its base precedes it, and its output follows it. */
  public static final int SUM = 1;

  public static final int OUTPUT = 2;

  private static final ScratchPool<SpanResults> POOL = new ScratchPool<>(SpanResults::new);

  private float[] data = new float[0];
  private double[] joined = new double[0];
  private int width;

  private SpanResults() {}

  /** Takes room for {@code size} floats of any content. */
  public static SpanResults take(int size, int valueWidth) {
    SpanResults results = POOL.takeInside();
    results.width = valueWidth;
    if (results.data.length < size) {
      results.data = new float[size];
    }
    if (results.joined.length < valueWidth) {
      results.joined = new double[valueWidth];
    }
    return results;
  }

  /** Number of floats of a row. */
  public static int rowSize(int valueWidth) {
    return OUTPUT + valueWidth;
  }

  public float[] data() {
    return data;
  }

  /** Joins the spans of a row, whose results begin at {@code first}, and writes what the call asks for. */
  public void join(AttentionProblem problem, int batchEntry, int head, int row, int first, int spans) {
    float base = Float.NEGATIVE_INFINITY;
    double sum = 0;
    Arrays.fill(joined, 0, width, 0);
    for (int span = 0; span < spans; span++) {
      int at = first + span * rowSize(width);
      float spanBase = data[at];
      if (spanBase == Float.NEGATIVE_INFINITY && data[at + SUM] == 0) {
        continue; // the row sees no key
      }
      float kept = RowOrder.kept(base, spanBase);
      float added = RowOrder.added(base, spanBase);
      base = spanBase > base ? spanBase : base;
      sum = sum * kept + (double) added * data[at + SUM];
      RowOrder.join(joined, 0, data, at + OUTPUT, width, kept, added);
    }
    write(problem, batchEntry, head, row, base, sum);
  }

  private void write(AttentionProblem problem, int batchEntry, int head, int row, float base, double sum) {
    int queryHead = head * problem.shape.group() + row % problem.shape.group();
    int query = problem.queryRow(row);
    float sink = problem.formula.normaliser().sink(queryHead);
    double whole = sink == Float.NEGATIVE_INFINITY || sum == 0 ? sum : sum + Math.exp((double) sink - base);
    Heads output = problem.output;
    if (output != null) {
      int to = problem.shape.queryIndex(output, batchEntry, queryHead, query);
      float factor = (float) (1 / whole);
      boolean finite = true;
      for (int d = 0; d < output.width(); d++) {
        float x = sum == 0 ? 0 : (float) joined[d] * factor;
        output.data()[to + d * output.columnStride()] = x;
        finite &= Float.isFinite(x);
      }
      if (!finite && Double.isFinite(sum) && !problem.callsFunctions()) { // as in FusedAttention.recomputeOverflown
        ScalarAttention.attend(problem, batchEntry * problem.shape.key().heads() + head, row, row + 1);
        return;
      }
    }
    float[] logSumExp = problem.results.logSumExp();
    if (logSumExp != null) {
      logSumExp[problem.shape.queryNumber(batchEntry, queryHead, query)] = OnlineSoftmax.logSumExp(base, sum, sink);
    }
  }

  public void giveBack() {
    POOL.giveInside(this);
  }
}
