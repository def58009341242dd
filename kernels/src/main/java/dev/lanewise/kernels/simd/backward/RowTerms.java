package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.simd.fused.LaneTransposer;
import dev.lanewise.kernels.simd.fused.QueryTile;
import dev.lanewise.kernels.simd.fused.TileScores;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Objects;

/** The two numbers of each lane's row that the gradients of its scores need: log-sum-exp and delta. */
final class RowTerms {
  /** The log-sum-exp; 0 for a row that sees no key, so that its scores of −∞ have weight 0. */
  final float[] base = new float[Tiles.QUERIES];

  /**
   * factor · (dO · O − gradient of the log-sum-exp), with the operations of the products dO · V. The output of a row that sees one key is
   * the key's value: the gradients of its scores are then exactly 0. Otherwise the two sums have similar errors, which cancel in part.
   */
  final float[] delta = new float[Tiles.QUERIES];

  private final LaneTransposer outputs = new LaneTransposer();
  private float[] panel = new float[0];

  /**
   * Computes the numbers of the tile's rows.
   *
   * @param multiplier computes the products dO · V of the tile
   * @param factor the factor of these products
   */
  void open(BackwardProblem problem, QueryTile tile, TileScores multiplier, float factor) {
    float[] logSumExp = Objects.requireNonNull(problem.logSumExp);
    int rows = multiplier.panelRows();
    int size = Packing.size(Tiles.QUERIES, rows, Lanes.COUNT);
    if (panel.length < size) {
      panel = new float[size];
    }
    outputs.open(tile, problem.output);
    outputs.load(problem.output, 1, panel, rows, tile.scratch);
    multiplier.multiplyRows(panel, delta);
    float[] gradient = problem.logSumExpGradient;
    for (int lane = 0; lane < tile.lanes(); lane++) {
      int number = problem.forward.shape.queryNumber(tile.batchEntry(), tile.queryHead(lane), tile.query(lane));
      base[lane] = logSumExp[number] == Float.NEGATIVE_INFINITY ? 0 : logSumExp[number];
      if (gradient != null) {
        delta[lane] -= factor * gradient[number];
      }
    }
  }
}
