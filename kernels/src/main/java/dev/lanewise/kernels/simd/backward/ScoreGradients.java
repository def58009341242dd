package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.simd.fused.ContiguousTile;
import dev.lanewise.kernels.simd.fused.LaneRows;
import dev.lanewise.kernels.simd.fused.LaneTransposer;
import dev.lanewise.kernels.simd.fused.QueryTile;
import dev.lanewise.kernels.simd.fused.ScoreChanges;
import dev.lanewise.kernels.simd.fused.TileDropout;
import dev.lanewise.kernels.simd.fused.TileMask;
import dev.lanewise.kernels.simd.fused.TileScores;
import dev.lanewise.kernels.simd.lanes.Lanes;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a tile of queries and keys, recomputed, and the gradients of its similarities. Arrays have the layout of {@link LaneRows}.
 */
final class ScoreGradients {
  private static final int LANES = Lanes.COUNT;
  private static final float[] NONE = new float[0];

  private final ContiguousTile keys = new ContiguousTile();
  private final ContiguousTile values = new ContiguousTile();
  private final TileScores scorer = new TileScores();
  private final TileScores multiplier = new TileScores();
  private final ScoreChanges changes = new ScoreChanges();
  private final TileDropout dropout = new TileDropout();
  private final RowTerms terms = new RowTerms();
  private final float[] weights = new float[LaneRows.TILE];
  private final float[] gradients = new float[LaneRows.TILE];

  /** The scores after a softcap. */
  private float[] capped = NONE;

  /** The factors of the weights that dropout keeps or drops. */
  private float[] factors = NONE;

  private List<ScoreChange> changed = List.of();
  private Normaliser.Kind kind = Normaliser.Kind.SOFTMAX;
  private @Nullable Dropout dropped;
  private float softcap;

  /** Begins the rows of the tile. */
  void open(BackwardProblem problem, QueryTile tile, TileMask mask, LaneTransposer queries, LaneTransposer outputGradients) {
    AttentionProblem forward = problem.forward;
    changed = forward.formula.changes();
    kind = forward.formula.normaliser().kind();
    dropped = forward.formula.dropout();
    softcap = 0;
    float scale = forward.scale;
    scorer.open(forward.shape.query(), Similarity.Kind.DOT, null, scale, queries, tile);
    multiplier.open(problem.outputGradient, Similarity.Kind.DOT, null, scale, outputGradients, tile);
    if (kind == Normaliser.Kind.SOFTMAX) {
      terms.open(problem, tile, multiplier, scale);
    }
    if (!changed.isEmpty()) {
      changes.open(tile, mask.from(), mask.to());
    }
    if (dropped != null) {
      dropout.open(tile, dropped);
    }
  }

  /** Computes weights and gradients of the current keys, for each vector of lanes those that it sees. */
  void compute(QueryTile tile, TileMask mask) {
    tile.openKeys(keys);
    tile.openValues(values);
    scorer.compute(keys, null, tile, weights);
    for (int i = 0; i < changed.size(); i++) {
      change(tile, changed.get(i));
    }
    mask.apply(weights, tile.keys(), Float.NEGATIVE_INFINITY);
    multiplier.compute(values, null, tile, gradients);
    if (dropped != null) {
      drop(tile);
    }
    for (int from = 0, to; from < tile.keys(); from = to) {
      to = tile.sameVectors(from);
      int end = tile.endVector(from);
      for (int vector = tile.firstVector(from); vector < end; vector++) {
        normalise(vector * LANES, from, to);
      }
    }
  }

  private void change(QueryTile tile, ScoreChange change) {
    changes.apply(tile, change, weights, 0, tile.keys());
    switch (change) {
      case ScoreChange.Softcap(float limit) -> {
        softcap = limit;
        if (capped.length == 0) {
          capped = new float[LaneRows.TILE];
        }
        for (int vector = 0; vector < tile.vectors(); vector++) {
          int from = LaneRows.index(LaneRows.KEYS, 0, vector * LANES);
          System.arraycopy(weights, from, capped, from, tile.keys() * LANES);
        }
      }
      case ScoreChange.AddedBias _, ScoreChange.Alibi _ -> {} // their derivative by the score is 1
      case ScoreChange.Function _ -> throw new IllegalStateException("a function of the caller");
    }
  }

  /** Multiplies the products by the factors of dropout. */
  private void drop(QueryTile tile) {
    if (factors.length == 0) {
      factors = new float[LaneRows.TILE];
    }
    for (int vector = 0; vector < tile.vectors(); vector++) {
      int from = LaneRows.index(LaneRows.KEYS, 0, vector * LANES);
      Arrays.fill(factors, from, from + tile.keys() * LANES, 1);
    }
    dropout.apply(tile, factors, 0, tile.keys());
    for (int vector = 0; vector < tile.vectors(); vector++) {
      int from = LaneRows.index(LaneRows.KEYS, 0, vector * LANES);
      WeightGradients.multiply(gradients, factors, from, from + tile.keys() * LANES);
    }
  }

  private void normalise(int lane, int from, int to) {
    int first = LaneRows.index(LaneRows.KEYS, from, lane);
    int end = LaneRows.index(LaneRows.KEYS, to, lane);
    if (kind == Normaliser.Kind.SOFTMAX) {
      WeightGradients.softmax(weights, gradients, terms.base, terms.delta, lane, from, to);
    } else {
      WeightGradients.elementwise(kind, weights, gradients, first, end);
    }
    if (dropped != null) {
      WeightGradients.multiply(weights, factors, first, end);
    }
    if (softcap > 0) {
      WeightGradients.softcap(gradients, capped, 1 / softcap, first, end);
    }
  }

  /** The weights of the current keys. */
  float[] weights() {
    return weights;
  }

  /** scale · (dO · O − gradient of the log-sum-exp) of each lane; softmax only. */
  float[] delta() {
    return terms.delta;
  }

  /** The gradients of the similarities of the current keys: scale · gradient of the score. */
  float[] gradients() {
    return gradients;
  }

  /** Drops the references to the caller's objects. */
  void release() {
    keys.release();
    values.release();
    scorer.release();
    multiplier.release();
    changed = List.of();
  }
}
