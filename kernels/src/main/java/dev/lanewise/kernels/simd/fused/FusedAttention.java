package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.RowKernel;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.plain.ScalarAttention;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * The fused kernel: a tile of up to {@link Tiles#QUERIES} query rows against all keys that it sees, {@link Tiles#KEYS} keys at a time. It
 * follows "FlashAttention-2" (Dao, 2023), but scores have the queries in the lanes. The operations on a row are those of {@link RowOrder}.
 *
 * <pre>
 * for each tile of queries, 1 to 4 vectors           Qᵀ packed, times scale: headDim × lanes ({@link LaneRows})
 *   for each tile of keys that a lane sees
 *     scores  = K · Qᵀ                                keys × lanes; K is read in place       ({@link TileScores})
 *     changes of the scores                                                                 ({@link ScoreChanges})
 *     mask                                           only where a lane does not see a key    ({@link TileMask})
 *     for each step of 64 keys
 *       weights = normaliser of scores               lane by lane                           ({@link TileNormaliser})
 *       output  = output + weights · V                queries × valueDim; V is read in place ({@link TileOutput})
 *   divide, store
 * </pre>
 *
 * If a function observes or changes weights, a second pass over the tiles computes them with the divisor of the first pass, and the output
 * from them. A function that changes scores runs in the first pass only ({@link KeptScores}). One instance works on one thread at a time
 * and keeps its scratch.
 */
public final class FusedAttention extends ScratchPool.Member implements RowKernel {
  private static final ScratchPool<FusedAttention> POOL = new ScratchPool<>(FusedAttention::new);

  private final TileLoop loop = new TileLoop();
  private final OnlineSoftmax softmax = new OnlineSoftmax();
  private final ElementwiseNormaliser elementwise = new ElementwiseNormaliser();
  private final TileOutput output = new TileOutput(QueryTile::openValues);
  private final TileSink[] blend = {output};
  private final TileSink[] observe = {loop.observers};
  private final TileSink[] observeAndBlend = {loop.observers, output};

  private FusedAttention() {}

  /** Takes an instance for the calling thread, to be closed there. */
  public static FusedAttention take() {
    return POOL.take();
  }

  /** Drops the references to the caller's objects and gives the instance back. */
  @Override
  public void close() {
    loop.release();
    output.release();
    POOL.give(this);
  }

  @Override
  public void attend(AttentionProblem problem, int unit, int from, int to) {
    boolean careful = problem.callsFunctions();
    output.openUnit(problem.output, careful);
    int most = problem.callsTwice() ? KeptScores.rows(problem.shape.keys(problem.batchEntry(unit)), Tiles.QUERIES) : Tiles.QUERIES;
    int rows;
    for (int row = from; row < to; row += rows) {
      rows = Math.min(most, to - row);
      TileNormaliser normaliser = tile(problem, unit, row, rows);
      if (problem.output == null || output.isFinite()) {
        continue;
      }
      if (!careful) {
        repeat(problem, unit, row, rows, normaliser);
      } else if (!problem.watchesWeights() && !problem.formula.changesByFunction()) {
        recomputeOverflown(problem.withoutObservers(), unit, row, rows, normaliser);
      }
    }
  }

  /**
   * Computes all rows of a unit, at most {@link Tiles#QUERIES}, for the spans {@code from} (inclusive) to {@code to} (exclusive), and
   * leaves their results for {@link SpanResults#join}.
   *
   * @param target rows × {@code spans} × {@link SpanResults#rowSize}
   * @param first index in {@code target} of row 0 and span 0, before the array if spans begin later
   * @param spans number of spans of a row in {@code target}
   */
  void attendSpans(AttentionProblem problem, int unit, int from, int to, float[] target, int first, int spans) {
    Heads written = problem.output;
    output.openUnit(written, true);
    int rows = problem.shape.group() * problem.computedQueries(problem.batchEntry(unit));
    int rowSize = SpanResults.rowSize(written == null ? 0 : written.width());
    QueryTile tile = loop.open(problem, unit, 0, rows, written == null ? TileLoop.NO_SINKS : blend);
    for (int span = from; span < to; span++) {
      softmax.open(tile, problem.formula.normaliser());
      loop.runSpan(softmax, span);
      for (int row = 0; row < rows; row++) {
        int at = first + (row * spans + span) * rowSize;
        softmax.leave(row, target, at);
        if (written != null) {
          output.leave(row, target, at + SpanResults.OUTPUT);
        }
      }
      if (written != null) {
        output.open(tile);
      }
    }
  }

  /** Computes a tile of rows. */
  private TileNormaliser tile(AttentionProblem problem, int unit, int row, int rows) {
    boolean twice = problem.watchesWeights();
    boolean blends = problem.output != null;
    TileSink[] sinks = twice ? (blends ? observeAndBlend : observe) : (blends ? blend : TileLoop.NO_SINKS);
    TileNormaliser normaliser = switch (problem.formula) { // similarity, changes, weight function and dropout are answered by the loop
          case ScoreFormula(_, _, _, Normaliser normaliserOfCall, _, _) ->
              normaliserOfCall.kind() == Normaliser.Kind.SOFTMAX ? softmax : elementwise;
        };
    QueryTile tile = loop.open(problem, unit, row, rows, sinks);
    normaliser.open(tile, problem.formula.normaliser());
    loop.run(normaliser, false, !twice);
    float[] factors = normaliser.close(tile);
    if (twice) {
      loop.run(normaliser, true, true);
    }
    loop.close(twice ? null : factors);
    storeLogSumExp(problem, normaliser, tile);
    return normaliser;
  }

  /**
   * Repeats a tile whose output is not all finite, and looks at the values this time: those that are not finite must not reach rows that do
   * not see them. Values are usually finite, so the first attempt does not look. Calls with functions of the caller look at once and are
   * not repeated, because a function must not be called twice.
   */
  private void repeat(AttentionProblem problem, int unit, int row, int rows, TileNormaliser normaliser) {
    output.openUnit(problem.output, true);
    tile(problem, unit, row, rows);
    recomputeOverflown(problem, unit, row, rows, normaliser);
    output.openUnit(problem.output, false);
  }

  /** Recomputes rows whose accumulated values may have overflowed before the division in plain Java, which divides the weights first. */
  private void recomputeOverflown(AttentionProblem problem, int unit, int row, int rows, TileNormaliser normaliser) {
    for (int lane = 0; lane < rows; lane++) {
      if (!output.isFinite(lane) && normaliser.dividesByFinite(lane)) {
        ScalarAttention.attend(problem, unit, row + lane, row + lane + 1);
      }
    }
  }

  private void storeLogSumExp(AttentionProblem problem, TileNormaliser normaliser, QueryTile tile) {
    float[] logSumExp = problem.results.logSumExp();
    for (int lane = 0; logSumExp != null && lane < tile.rows(); lane++) {
      logSumExp[problem.shape.queryNumber(tile.batchEntry(), tile.queryHead(lane), tile.query(lane))] = normaliser.logSumExp(lane);
    }
  }
}
