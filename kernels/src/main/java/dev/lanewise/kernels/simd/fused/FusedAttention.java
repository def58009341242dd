package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.plain.ScalarAttention;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * The fused kernel: a tile of {@link Tiles#QUERIES} query rows against all keys that it sees, {@link Tiles#KEYS} keys at a time. It follows
 * "FlashAttention-2" (Dao, 2023), but with the queries in the lanes:
 *
 * <pre>
 * for each tile of queries                           Qᵀ packed, times scale: headDim × QUERIES
 *   for each tile of keys that a lane sees
 *     scores  = K · Qᵀ                                keys × QUERIES; K is read in place      ({@link TileScores})
 *     softcap, bias, ALiBi, the caller's function                                           ({@link ScoreChanges})
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
  private static final int KEYS = Tiles.KEYS;

  private final QueryTile tile = new QueryTile();
  private final LaneTransposer queries = new LaneTransposer();
  private final LaneTransposer outputs = new LaneTransposer();
  private final TileScores scorer = new TileScores();
  private final ScoreChanges changes = new ScoreChanges();
  private final TileMask mask = new TileMask();
  private final OnlineSoftmax softmax = new OnlineSoftmax();
  private final ElementwiseNormaliser elementwise = new ElementwiseNormaliser();
  private final TileOutput output = new TileOutput();
  private final float[] scores = new float[Packing.roundUp(KEYS, Tiles.ATTENTION_MR * Lanes.COUNT) * Tiles.QUERIES];

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
    tile.release();
    scorer.release();
    output.release();
  }

  private void run(AttentionProblem problem, int unit, int from, int to) {
    output.openUnit();
    int most = problem.callsTwice() ? KeptScores.rows(problem.keys(problem.batchEntry(unit)), Tiles.QUERIES) : Tiles.QUERIES;
    TileNormaliser normaliser = problem.normaliser.kind() == Normaliser.Kind.SOFTMAX ? softmax : elementwise;
    for (int row = from; row < to; row += most) {
      tile.open(problem, unit, row, Math.min(most, to - row));
      run(problem, normaliser);
      if (problem.output != null && !problem.watchesWeights() && !output.isFinite()) {
        repeatOverflown(problem, normaliser, row);
      }
    }
  }

  /**
   * Recomputes rows whose accumulated values may have overflowed before the division, in plain Java and with weights that are divided
   * first. Calls with functions of the caller are excluded, because a function must not be called twice.
   */
  private void repeatOverflown(AttentionProblem problem, TileNormaliser normaliser, int row) {
    for (int lane = 0; problem.hooks.isEmpty() && lane < tile.rows(); lane++) {
      if (!output.isFinite(lane) && normaliser.dividesByFinite(lane)) {
        ScalarAttention.attend(problem, tile.unit(), row + lane, row + lane + 1);
      }
    }
  }

  private void run(AttentionProblem problem, TileNormaliser normaliser) {
    queries.open(tile, problem.query);
    queries.touch(problem.query, tile.scratch);
    output.open(problem.output == null ? 0 : problem.output.width());
    if (problem.output != null) {
      outputs.open(tile, problem.output);
      outputs.touch(problem.output, tile.scratch);
    }
    scorer.open(tile, queries);
    mask.open(tile);
    normaliser.open(tile);
    if (problem.changesScores()) {
      changes.open(tile, mask.from(), mask.to());
    }
    boolean once = !problem.watchesWeights();
    pass(problem, normaliser, false, once);
    normaliser.close();
    if (once) {
      output.normalise(normaliser);
    } else {
      changes.turn();
      pass(problem, normaliser, true, true);
    }
    if (problem.output != null) {
      output.store(problem.output, outputs, tile.scratch);
    }
    storeLogSumExp(problem, normaliser);
  }

  /**
   * Runs over the tiles of keys. Tile boundaries are fixed multiples of {@link Tiles#KEYS}, independent of the mask. A row's result is
   * therefore bit-identical regardless of neighbouring rows.
   *
   * @param known whether the normaliser knows the divisors
   * @param last whether this pass computes the output
   */
  private void pass(AttentionProblem problem, TileNormaliser normaliser, boolean known, boolean last) {
    boolean everyKey = last && problem.watchesScores();
    int from = everyKey ? 0 : mask.from();
    int to = everyKey ? problem.keys(tile.batchEntry()) : mask.to();
    for (int start = from / KEYS * KEYS; start < to; start += KEYS) {
      Interruption.check();
      int key = Math.max(start, from);
      tile.openTile(key, Math.min(start + KEYS, to) - key);
      boolean seen = mask.openTile(tile);
      if (seen || everyKey) {
        computeTile(problem, normaliser, known, last, seen);
      } else {
        start = Math.max(start, mask.nextKey(tile, start + KEYS) / KEYS * KEYS - KEYS); // skips a large hole
      }
    }
  }

  private void computeTile(AttentionProblem problem, TileNormaliser normaliser, boolean known, boolean last, boolean seen) {
    scorer.compute(tile, scores);
    if (problem.changesScores()) {
      changes.apply(tile, scores, last);
    }
    mask.apply(scores, tile.keys(), Float.NEGATIVE_INFINITY);
    changes.observe(tile, Stage.MASKED, scores, last);
    if (!seen) {
      return;
    }
    boolean blends = last && problem.output != null;
    if (blends) {
      output.openTile(tile, mask, scores);
    }
    if (known) {
      mask.hideInfinite(scores, tile.keys());
      normaliser.weights(scores, tile.keys());
      changes.change(tile, Stage.WEIGHTS, scores);
      mask.apply(scores, tile.keys(), 0); // hidden keys have weight 0, whatever a function or a NaN made of it
      changes.observe(tile, Stage.WEIGHTS, scores, true);
    } else if (normaliser.update(tile, scores)) {
      output.rescale(normaliser);
    }
    if (blends) {
      output.add(tile, mask, scores);
    }
  }

  private void storeLogSumExp(AttentionProblem problem, TileNormaliser normaliser) {
    float[] logSumExp = problem.logSumExp;
    for (int lane = 0; logSumExp != null && lane < tile.rows(); lane++) {
      logSumExp[problem.logSumExpIndex(tile.batchEntry(), tile.queryHead(lane), tile.query(lane))] = normaliser.logSumExp(lane);
    }
  }
}
