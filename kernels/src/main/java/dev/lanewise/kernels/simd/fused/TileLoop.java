package dev.lanewise.kernels.simd.fused;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;
import org.jspecify.annotations.Nullable;

/**
 * The loop over the tiles of keys that a tile of queries sees, from scores to weights. {@link TileSink}s receive the weights. Only this
 * class and {@link QueryTile} know the call; a step receives what it needs as arguments.
 */
final class TileLoop {
  static final TileSink[] NO_SINKS = {};
  private static final int KEYS = Tiles.KEYS;

  private final QueryTile tile = new QueryTile();
  private final LaneTransposer queries = new LaneTransposer();
  private final ContiguousTile keys = new ContiguousTile();
  private final ContiguousTile next = new ContiguousTile();
  private final TileScores scorer = new TileScores();
  private final ScoreChanges changes = new ScoreChanges();
  private final TileMask mask = new TileMask();
  private final TileDropout dropout = new TileDropout();

  /** Scores and weights. */
  private final float[] scores = new float[LaneRows.TILE];

  private TileSink[] sinks = NO_SINKS;

  /** The span of the keys that sinks and normaliser sum up; −1 before the first. */
  private int span;

  private boolean joins;

  /** The sink that passes final weights to the caller's observers. */
  final TileSink observers = (keyTile, _, weights, _, _) -> changes.observe(keyTile, Stage.WEIGHTS, weights, true);

  /** Begins query rows of a unit; returns their tile. */
  QueryTile open(AttentionProblem problem, int unit, int row, int rows, TileSink[] newSinks) {
    sinks = newSinks;
    tile.open(problem, unit, row, rows);
    Heads query = problem.shape.query();
    queries.open(tile, query);
    for (TileSink sink : sinks) {
      sink.open(tile);
    }
    scorer.open(query, problem.formula.similarity().kind(), problem.additiveVector, problem.scale, queries, tile);
    mask.open(tile, problem.visibility);
    if (problem.changesScores()) {
      changes.open(tile, mask.from(), mask.to());
    }
    Dropout ofCall = problem.formula.dropout();
    if (ofCall != null) {
      dropout.open(tile, ofCall);
    }
    return tile;
  }

  /**
   * Runs over the tiles of keys. Tile boundaries are fixed multiples of {@link Tiles#KEYS}, independent of the mask. A row's result is
   * therefore bit-identical regardless of neighbouring rows.
   *
   * @param known whether the normaliser knows the divisors, so that the weights are final
   * @param last whether this pass serves the sinks and the observers of scores
   */
  void run(TileNormaliser normaliser, boolean known, boolean last) {
    run(normaliser, known, last, 0, Integer.MAX_VALUE);
  }

  /** Runs over the tiles of one span of keys. */
  void runSpan(TileNormaliser normaliser, int ofSpan) {
    int from = ofSpan * RowOrder.SPAN;
    run(normaliser, false, true, from, from + RowOrder.SPAN);
  }

  private void run(TileNormaliser normaliser, boolean known, boolean last, int least, int most) {
    AttentionProblem problem = tile.problem();
    if (known) {
      changes.turn();
    }
    boolean everyKey = last && problem.watchesScores();
    TileSink[] served = last ? sinks : NO_SINKS;
    span = -1;
    joins = false;
    int from = Math.max(least, everyKey ? 0 : mask.from() / RowOrder.CHAIN * RowOrder.CHAIN);
    int to = Math.min(most, everyKey ? problem.shape.keys(tile.batchEntry()) : mask.to());
    for (int start = from / KEYS * KEYS; start < to; start += KEYS) {
      Interruption.check();
      int key = Math.max(start, from);
      tile.openTile(key, Math.min(start + KEYS, to) - key);
      boolean seen = mask.openTile(tile, problem.visibility);
      if (seen || everyKey) {
        computeScores(problem.changesScores(), last);
      } else {
        start = Math.max(start, mask.nextKey(tile, problem.visibility, start + KEYS) / KEYS * KEYS - KEYS); // skips a large hole
      }
      if (seen) {
        openSpan(normaliser, known, served);
        computeWeights(normaliser, known, served);
      }
    }
    if (joins) {
      join(normaliser, known, served);
    }
  }

  private void openSpan(TileNormaliser normaliser, boolean known, TileSink[] served) {
    int next = tile.key() / RowOrder.SPAN;
    if (span >= 0 && next != span) {
      join(normaliser, known, served);
      joins = true;
    }
    span = next;
  }

  private void join(TileNormaliser normaliser, boolean known, TileSink[] served) {
    SpanFactors factors = known ? null : normaliser.join(tile);
    for (TileSink sink : served) {
      sink.join(tile, factors);
    }
  }

  private void computeScores(boolean changed, boolean observed) {
    tile.openKeys(keys);
    scorer.compute(keys, tile.selectsDenseValues(next) ? next : null, tile, scores);
    if (changed) {
      changes.apply(tile, scores, observed);
    }
    mask.apply(scores, tile.keys(), Float.NEGATIVE_INFINITY);
    changes.observe(tile, Stage.MASKED, scores, observed);
  }

  private void computeWeights(TileNormaliser normaliser, boolean known, TileSink[] served) {
    for (TileSink sink : served) {
      sink.openTile(tile, mask, scores);
    }
    if (known) {
      mask.hideInfinite(scores, tile.keys());
      normaliser.weights(tile, scores);
      changes.changeWeights(tile, scores);
      drop(0, tile.keys());
      mask.apply(scores, tile.keys(), 0); // hidden keys have weight 0, whatever a function or a NaN made of it
      for (TileSink sink : served) {
        sink.take(tile, mask, scores, 0, tile.keys());
      }
      return;
    }
    for (int key = 0; key < tile.keys(); key = tile.stepEnd(key)) {
      int end = tile.stepEnd(key);
      float[] factors = normaliser.update(tile, scores, key, end);
      drop(key, end);
      for (TileSink sink : served) {
        if (factors != null) {
          sink.rescale(tile, factors);
        }
        sink.take(tile, mask, scores, key, end);
      }
    }
  }

  private void drop(int from, int to) {
    if (tile.problem().formula.dropout() != null) {
      dropout.apply(tile, scores, from, to);
    }
  }

  /** Ends the query rows. */
  void close(float @Nullable [] factors) {
    for (TileSink sink : sinks) {
      sink.close(tile, factors);
    }
  }

  /** Drops the references to the caller's objects. */
  void release() {
    tile.release();
    keys.release();
    next.release();
    scorer.release();
  }
}
