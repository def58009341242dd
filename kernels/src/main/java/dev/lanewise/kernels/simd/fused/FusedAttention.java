package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.plain.ScalarAttention;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * The fused kernel: a tile of {@link Tiles#QUERIES} query rows against all keys that it sees, {@link Tiles#KEYS} keys at a time. It follows
 * "FlashAttention-2" (Dao, 2023), but with the queries in the lanes:
 *
 * <pre>
 * for each tile of queries                           Qᵀ packed, times scale: headDim × QUERIES
 *   for each tile of keys that a lane sees
 *     scores  = K · Qᵀ                                keys × QUERIES; K is read in place      ({@link TileScores})
 *     changes of the scores                                                                 ({@link ScoreChanges})
 *     mask                                           only where a lane does not see a key    ({@link TileMask})
 *     weights = normaliser of scores                 lane by lane                           ({@link TileNormaliser})
 *     output  = rescaled output + Vᵀ · weights        valueDim × QUERIES                     ({@link TileOutput})
 *   divide, transpose to row-major, store
 * </pre>
 *
 * If a function observes or changes weights, a second pass over the tiles computes them with the divisor of the first pass, and the output
 * from them. A function that changes scores runs in the first pass only ({@link KeptScores}). One instance works on one thread at a time
 * and keeps its scratch.
 */
public final class FusedAttention extends ScratchPool.Member {
  private static final ScratchPool<FusedAttention> POOL = new ScratchPool<>(FusedAttention::new);

  private final TileLoop loop = new TileLoop();
  private final OnlineSoftmax softmax = new OnlineSoftmax();
  private final ElementwiseNormaliser elementwise = new ElementwiseNormaliser();
  private final TileOutput output = new TileOutput(QueryTile::openValues);
  private final TileSink[] blend = {output};
  private final TileSink[] observe = {loop.observers};
  private final TileSink[] observeAndBlend = {loop.observers, output};

  private FusedAttention() {}

  /** Computes rows {@code from} (inclusive) to {@code to} (exclusive) of a unit on the calling thread. */
  public static void attend(AttentionProblem problem, int unit, int from, int to) {
    FusedAttention attention = POOL.take();
    try {
      attention.run(problem, unit, from, to);
    } finally {
      attention.release();
      POOL.give(attention);
    }
  }

  /** Drops the references to the caller's objects. */
  private void release() {
    loop.release();
    output.release();
  }

  private void run(AttentionProblem problem, int unit, int from, int to) {
    output.openUnit(problem.output);
    int most = problem.callsTwice() ? KeptScores.rows(problem.shape.keys(problem.batchEntry(unit)), Tiles.QUERIES) : Tiles.QUERIES;
    TileNormaliser normaliser = switch (problem.formula) { // similarity, changes and weight function are answered by the loop
          case ScoreFormula(_, _, _, Normaliser normaliserOfCall, _) ->
              normaliserOfCall.kind() == Normaliser.Kind.SOFTMAX ? softmax : elementwise;
        };
    boolean twice = problem.watchesWeights();
    boolean blends = problem.output != null;
    TileSink[] sinks = twice ? (blends ? observeAndBlend : observe) : (blends ? blend : TileLoop.NO_SINKS);
    int rows;
    for (int row = from; row < to; row += rows) {
      rows = rows(Math.min(most, to - row));
      QueryTile tile = loop.open(problem, unit, row, rows, sinks);
      normaliser.open(tile, problem.formula.normaliser());
      loop.run(normaliser, false, !twice);
      float[] factors = normaliser.close(tile);
      if (twice) {
        loop.run(normaliser, true, true);
      }
      loop.close(twice ? null : factors);
      storeLogSumExp(problem, normaliser, tile);
      if (blends && !twice && !problem.callsFunctions() && !output.isFinite(0, tile.rows())) {
        repeatOverflown(problem, normaliser, tile, row);
      }
    }
  }

  /**
   * Number of rows of the next tile, if {@code left} are left: not three vectors of lanes and a part of a fourth, or a part of the third.
   */
  private static int rows(int left) {
    return left > 2 * Lanes.COUNT && left <= 3 * Lanes.COUNT ? 2 * Lanes.COUNT : left;
  }

  /**
   * Recomputes rows whose accumulated values may have overflowed before the division, in plain Java and with weights that are divided
   * first. Calls with functions of the caller are excluded, because a function must not be called twice.
   */
  private void repeatOverflown(AttentionProblem problem, TileNormaliser normaliser, QueryTile tile, int row) {
    for (int lane = 0; lane < tile.rows(); lane++) {
      if (!output.isFinite(lane, lane + 1) && normaliser.dividesByFinite(lane)) {
        ScalarAttention.attend(problem, tile.unit(), row + lane, row + lane + 1);
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
