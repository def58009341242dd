package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.fused.LaneTransposer;
import dev.lanewise.kernels.simd.fused.QueryTile;
import dev.lanewise.kernels.simd.fused.ScoreScale;
import dev.lanewise.kernels.simd.fused.TileMask;
import dev.lanewise.kernels.simd.fused.TileScores;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The two numbers of each lane's row that the gradient of its scores needs: log-sum-exp and delta. */
final class RowTerms {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  /** The log-sum-exp; 0 for a row that sees no key, so that its scores of −∞ have weight 0. */
  final float[] base = new float[Tiles.QUERIES];

  /** factor · (Σ dO · O − gradient of the log-sum-exp). */
  final float[] delta = new float[Tiles.QUERIES];

  private final int[] outputs = new int[Tiles.QUERIES];

  /**
   * Computes the numbers of the tile's rows.
   *
   * @param gradients knows where the rows of the output's gradient start
   * @param factor the factor of the products dO · V
   */
  void open(BackwardProblem problem, QueryTile tile, TileMask mask, LaneTransposer gradients, float factor) {
    float[] logSumExp = Objects.requireNonNull(problem.logSumExp);
    tile.rowStarts(problem.output, outputs);
    for (int lane = 0; lane < tile.lanes(); lane++) {
      int number = problem.forward.shape.queryNumber(tile.batchEntry(), tile.queryHead(lane), tile.query(lane));
      base[lane] = logSumExp[number] == Float.NEGATIVE_INFINITY ? 0 : logSumExp[number];
      float added = problem.logSumExpGradient == null ? 0 : factor * problem.logSumExpGradient[number];
      int output = outputs[lane];
      int gradient = gradients.start(lane);
      float sum =
          mask.seesOne(lane)
              ? chain(problem.output, output, problem.outputGradient, gradient, factor)
              : factor * dot(problem.output, output, problem.outputGradient, gradient);
      delta[lane] = sum - added;
    }
  }

  /**
   * The sum with the operations of {@link TileScores}. The output of a row that sees one key is the key's value: its gradients are then
   * exactly 0.
   */
  private static float chain(Heads x, int xFrom, Heads y, int yFrom, float factor) {
    float before = ScoreScale.before(factor);
    float sum = 0;
    for (int i = 0; i < x.width(); i++) {
      sum = Math.fma(x.data()[xFrom + i * x.columnStride()], y.data()[yFrom + i * y.columnStride()] * before, sum);
    }
    return sum * ScoreScale.after(factor);
  }

  private static float dot(Heads x, int xFrom, Heads y, int yFrom) {
    int width = x.width();
    int bound = x.columnStride() == 1 && y.columnStride() == 1 ? SPECIES.loopBound(width) : 0;
    FloatVector sums = FloatVector.zero(SPECIES);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector xs = FloatVector.fromArray(SPECIES, x.data(), xFrom + i);
      sums = xs.fma(FloatVector.fromArray(SPECIES, y.data(), yFrom + i), sums);
    }
    float sum = bound == 0 ? 0 : sums.reduceLanes(VectorOperators.ADD);
    for (int i = bound; i < width; i++) {
      sum = Math.fma(x.data()[xFrom + i * x.columnStride()], y.data()[yFrom + i * y.columnStride()], sum);
    }
    return sum;
  }
}
