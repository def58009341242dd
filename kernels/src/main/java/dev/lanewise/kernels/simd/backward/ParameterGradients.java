package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.GradientResults;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.gradient.BackwardPart;
import dev.lanewise.kernels.call.gradient.BackwardTasks;
import dev.lanewise.kernels.call.gradient.BiasGradient;
import dev.lanewise.kernels.call.gradient.ParameterSums;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.simd.fused.LaneRows;
import dev.lanewise.kernels.simd.fused.QueryTile;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Adds the gradients of scores up to those of parameters: biases, slopes, sinks and scale. It reads the tile lane by lane in plain loops,
 * which takes about a quarter of the time of the products.
 */
final class ParameterGradients {
  private static final int LANES = Lanes.COUNT;

  private final double[] row = new double[FusedBackward.KEYS];
  private final double[] slopes = new double[Tiles.QUERIES];
  private List<BiasGradient> biases = List.of();
  private ScoreChange.@Nullable Alibi alibi;
  private @Nullable BackwardProblem problem;
  private @Nullable ParameterSums sums;
  private int unit;
  private int part;

  /** 0 as long as all numbers that have been added are finite, and NaN otherwise. */
  private float rest;

  /** Begins a part of the queries of a unit. */
  void open(BackwardProblem newProblem, int newUnit, BackwardPart newPart, ParameterSums newSums) {
    if (problem != newProblem) {
      findParameters(newProblem);
    }
    unit = newUnit;
    part = newPart.number();
    rest = 0;
    sums = newSums;
    for (int i = 0; i < biases.size(); i++) {
      biases.get(i).open(newProblem.forward, newUnit, newPart);
    }
  }

  private void findParameters(BackwardProblem newProblem) {
    problem = newProblem;
    biases = BackwardTasks.biases(newProblem);
    alibi = null;
    for (ScoreChange change : newProblem.forward.formula.changes()) {
      if (change instanceof ScoreChange.Alibi found && newProblem.gradients.slopes() != null) {
        alibi = found;
      }
    }
  }

  /** Whether a part of the queries has begun, for a pass that wants gradients of parameters. */
  boolean isOpen() {
    return problem != null;
  }

  /**
   * Begins the rows of a tile.
   *
   * @param delta scale · (dO · O − gradient of the log-sum-exp) of each lane; null if no lane sees a key
   */
  void openRows(QueryTile tile, float @Nullable [] delta) {
    BackwardProblem call = Objects.requireNonNull(problem);
    for (int lane = 0; lane < tile.rows(); lane++) {
      slopes[lane] = 0;
      if (call.gradients.sinks() != null) {
        addSink(call, tile, lane, delta);
      }
    }
  }

  private void addSink(BackwardProblem call, QueryTile tile, int lane, float @Nullable [] delta) {
    int head = tile.queryHead(lane);
    int number = call.forward.shape.queryNumber(tile.batchEntry(), head, tile.query(lane));
    float[] gradient = call.logSumExpGradient;
    double ofRow = gradient == null ? 0 : -gradient[number];
    if (delta != null) {
      ofRow = delta[lane] / (double) call.forward.scale;
      rest += delta[lane] * 0;
    }
    sum().addSink(call, unit, part, head, number, ofRow);
  }

  /**
   * Adds the gradients of the tile's scores.
   *
   * @param gradients scale · gradient of the score, keys × lanes, of the keys that any lane of a vector sees
   */
  void add(QueryTile tile, float[] gradients) {
    if (biases.isEmpty() && alibi == null) {
      return;
    }
    double inverse = 1 / (double) tile.problem().scale;
    for (int from = 0, to; from < tile.keys(); from = to) {
      to = tile.sameVectors(from);
      int end = Math.min(tile.endVector(from) * LANES, tile.rows());
      for (int lane = tile.firstVector(from) * LANES; lane < end; lane++) {
        int at = LaneRows.index(LaneRows.KEYS, from, lane);
        for (int i = 0; i < to - from; i++) {
          float gradient = gradients[at + i * LANES];
          row[i] = gradient * inverse;
          rest += gradient * 0;
        }
        addRow(tile, lane, tile.key() + from, to - from);
      }
    }
  }

  private void addRow(QueryTile tile, int lane, int key, int count) {
    int query = tile.query(lane);
    for (int i = 0; i < biases.size(); i++) {
      biases.get(i).add(tile.queryHead(lane), query, key, row, count);
    }
    if (alibi != null) {
      AttentionProblem forward = tile.problem();
      long position = forward.queryPosition(alibi, tile.batchEntry(), query);
      for (int i = 0; i < count; i++) {
        slopes[lane] -= row[i] * Math.abs(position - forward.keyPosition(tile.batchEntry(), key + i));
      }
    }
  }

  /** Ends the rows of a tile, whose gradients of queries have been written. */
  void closeRows(QueryTile tile) {
    BackwardProblem call = Objects.requireNonNull(problem);
    GradientResults wanted = call.gradients;
    int group = call.forward.shape.group();
    for (int lane = 0; lane < tile.rows(); lane++) {
      if (alibi != null) {
        sum().addSlope(unit, part, tile.queryHead(lane) % group, slopes[lane]);
      }
      if (wanted.scale() != null) {
        sum().addScale(unit, part, scale(call, tile, lane, Objects.requireNonNull(wanted.query())));
      }
    }
  }

  /** query · gradient of the query / scale: the gradients of the scores times their similarities. */
  private static double scale(BackwardProblem call, QueryTile tile, int lane, Heads gradient) {
    Heads query = call.forward.shape.query();
    int at = call.forward.shape.queryIndex(query, tile.batchEntry(), tile.queryHead(lane), tile.query(lane));
    int to = call.forward.shape.queryIndex(gradient, tile.batchEntry(), tile.queryHead(lane), tile.query(lane));
    double sum = 0;
    for (int d = 0; d < query.width(); d++) {
      sum += (double) query.data()[at + d * query.columnStride()] * gradient.data()[to + d * gradient.columnStride()];
    }
    return sum / call.forward.scale;
  }

  private ParameterSums sum() {
    return Objects.requireNonNull(sums);
  }

  /** Ends the part; returns whether all numbers that it added were finite. */
  boolean close() {
    for (int i = 0; i < biases.size(); i++) {
      biases.get(i).close();
    }
    return rest == 0;
  }

  /** Drops the references to the caller's objects. */
  void release() {
    problem = null;
    sums = null;
    biases = List.of();
    alibi = null;
  }
}
