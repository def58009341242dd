package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.plain.ScalarBackward;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.kernels.simd.fused.ContiguousTile;
import dev.lanewise.kernels.simd.fused.LaneRows;
import dev.lanewise.kernels.simd.fused.LaneTransposer;
import dev.lanewise.kernels.simd.fused.QueryTile;
import dev.lanewise.kernels.simd.fused.TileMask;
import dev.lanewise.kernels.simd.fused.TileOutput;
import dev.lanewise.kernels.simd.fused.TileScores;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;
import org.jspecify.annotations.Nullable;

/**
 * The kernel of the backward pass: a tile of up to {@link Tiles#QUERIES} query rows against the keys that it sees, {@link #KEYS} keys at a
 * time ("FlashAttention-2", Dao, 2023, algorithm 2, with the loops exchanged).
 */
final class FusedBackward extends ScratchPool.Member implements AutoCloseable {
  private static final ScratchPool<FusedBackward> POOL = new ScratchPool<>(FusedBackward::new);
  private static final int LANES = Lanes.COUNT;

  /**
   * Number of keys of a tile. At 512 bits the scores and products of 64 queries are 64 KB, as are keys, values and their gradients together
   * at headDim 32. 64, 192, 256 and 320 are no faster.
   */
  static final int KEYS = 128;

  private final QueryTile tile = new QueryTile();
  private final LaneTransposer queries = new LaneTransposer();
  private final LaneTransposer gradients = new LaneTransposer();
  private final ContiguousTile keys = new ContiguousTile();
  private final ContiguousTile values = new ContiguousTile();
  private final TileScores scorer = new TileScores();
  private final TileScores multiplier = new TileScores();
  private final TileMask mask = new TileMask();
  private final RowTerms terms = new RowTerms();
  private final TileOutput queryGradient = new TileOutput(QueryTile::openKeys);
  private final KeyGradient keyGradient = new KeyGradient();
  private final KeyGradient valueGradient = new KeyGradient();

  /** Scores, then weights, in the layout of {@link LaneRows}; kernels read a few lanes past the last. */
  private final float[] scores = new float[LaneRows.KEYS * (Tiles.QUERIES + LANES)];

  /** Products of the output's gradient and the values, then gradients of the scores. */
  private final float[] products = new float[LaneRows.KEYS * (Tiles.QUERIES + LANES)];

  private FusedBackward() {}

  static FusedBackward take() {
    return POOL.take();
  }

  @Override
  public void close() {
    tile.release();
    keys.release();
    values.release();
    scorer.release();
    multiplier.release();
    queryGradient.release();
    keyGradient.release();
    valueGradient.release();
    POOL.give(this);
  }

  /** Computes all gradients of a unit. */
  void unit(BackwardProblem problem, int unit) {
    if (!keys(problem, unit, 0, problem.forward.shape.keys(problem.forward.batchEntry(unit)), problem.gradients.query())) {
      ScalarBackward.unit(problem, unit);
    }
  }

  /**
   * Computes the gradients of the keys {@code from} (inclusive) to {@code to} (exclusive) of a unit and of their values, and what they add
   * to the gradient of the queries. Returns whether all gradients are finite.
   */
  boolean keys(BackwardProblem problem, int unit, int from, int to, @Nullable Heads queryTarget) {
    AttentionProblem forward = problem.forward;
    keyGradient.openKeys(forward, unit, from, to, problem.gradients.key());
    valueGradient.openKeys(forward, unit, from, to, problem.gradients.value());
    queryGradient.openUnit(queryTarget, false);
    boolean finite = true;
    int rows = forward.rows(unit);
    for (int row = 0; row < rows; row += Tiles.QUERIES) {
      open(problem, unit, row, Math.min(Tiles.QUERIES, rows - row));
      if (queryTarget != null) {
        queryGradient.open(tile);
      }
      run(problem, from, to, queryTarget != null);
      if (queryTarget != null) {
        queryGradient.close(tile, null);
        finite &= queryGradient.isFinite();
      }
    }
    finite &= keyGradient.close();
    return finite & valueGradient.close();
  }

  private void open(BackwardProblem problem, int unit, int row, int rows) {
    AttentionProblem forward = problem.forward;
    Heads query = forward.shape.query();
    Heads gradient = problem.outputGradient;
    tile.open(forward, unit, row, rows);
    queries.open(tile, query);
    gradients.open(tile, gradient);
    mask.open(tile, forward.visibility);
    scorer.open(query, Similarity.Kind.DOT, null, forward.scale, queries, tile);
    multiplier.open(gradient, Similarity.Kind.DOT, null, forward.scale, gradients, tile);
    terms.open(problem, tile, multiplier, forward.scale);
    keyGradient.openRows(tile, query, queries);
    valueGradient.openRows(tile, gradient, gradients);
  }

  private void run(BackwardProblem problem, int least, int most, boolean wantsQuery) {
    AttentionProblem forward = problem.forward;
    int from = Math.max(least, mask.from() / RowOrder.CHAIN * RowOrder.CHAIN);
    int to = Math.min(most, mask.to());
    for (int start = from / KEYS * KEYS; start < to; start += KEYS) {
      Interruption.check();
      int key = Math.max(start, from);
      tile.openTile(key, Math.min(start + KEYS, to) - key);
      if (!mask.openTile(tile, forward.visibility)) {
        start = Math.max(start, mask.nextKey(tile, forward.visibility, start + KEYS) / KEYS * KEYS - KEYS); // skips a large hole
        continue;
      }
      tile.openKeys(keys);
      tile.openValues(values);
      scorer.compute(keys, null, tile, scores);
      mask.apply(scores, tile.keys(), Float.NEGATIVE_INFINITY);
      multiplier.compute(values, null, tile, products);
      for (int first = 0, end; first < tile.keys(); first = end) {
        end = tile.sameVectors(first);
        accumulate(first, end, tile.firstVector(first), tile.endVector(first));
      }
      if (wantsQuery) {
        queryGradient.openTile(tile, mask, products);
        queryGradient.take(tile, mask, products, 0, tile.keys());
      }
    }
  }

  private void accumulate(int from, int to, int firstVector, int endVector) {
    if (firstVector >= endVector) {
      return;
    }
    for (int vector = firstVector; vector < endVector; vector++) {
      WeightGradients.apply(scores, products, terms.base, terms.delta, vector * LANES, from, to);
    }
    valueGradient.add(tile, scores, from, to, firstVector, endVector);
    keyGradient.add(tile, products, from, to, firstVector, endVector);
  }
}
