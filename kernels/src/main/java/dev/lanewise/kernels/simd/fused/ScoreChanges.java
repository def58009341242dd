package dev.lanewise.kernels.simd.fused;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.Transpose;
import dev.lanewise.kernels.simd.lanes.VectorFunctions;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The changes of the scores of a tile (keys × lanes) between similarity and mask: softcap, biases, ALiBi and functions of the caller. */
public final class ScoreChanges {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;

  /** From a larger distance on, one of the next distances of a tile may be above 2²⁴, where floats are not consecutive integers. */
  private static final long MOST_DISTANCE = (1 << 24) - Tiles.KEYS;

  /** Number of keys whose scores fill half of a 32 KB L1. */
  private static final int L1_KEYS = 64;

  private static final List<Stage> STAGES = List.of(Stage.CAPPED, Stage.CHANGED);

  /** Index of each lane's row in each bias, by the rank of the change; a call has at most two biases. */
  private final int[][] biasStarts = new int[3][QUERIES];

  private final float[] biasBlock = new float[LANES * LANES];
  private final long[] position = new long[QUERIES];
  private final float[] distance = new float[QUERIES];
  private final float[] slope = new float[QUERIES];
  private final TileHooks tileHooks = new TileHooks();
  private final KeptScores kept = new KeptScores();

  /**
   * Begins new query rows.
   *
   * @param from the first key that any of them sees
   * @param to one past the last
   */
  public void open(QueryTile tile, int from, int to) {
    AttentionProblem problem = tile.problem();
    if (problem.callsTwice()) {
      kept.open(tile.rows(), from, to);
    }
    for (ScoreChange change : problem.formula.changes()) {
      switch (change) {
        case ScoreChange.AddedBias(Bias bias, _) -> {
          for (int lane = 0; lane < tile.lanes(); lane++) {
            biasStarts[change.rank()][lane] = bias.index(tile.batchEntry(), tile.queryHead(lane), tile.query(lane));
          }
        }
        case ScoreChange.Alibi alibi -> {
          for (int lane = 0; lane < tile.lanes(); lane++) {
            position[lane] = problem.queryPosition(alibi, tile.batchEntry(), tile.query(lane));
            slope[lane] = -alibi.slopes()[tile.queryHead(lane)];
          }
        }
        case ScoreChange.Softcap _, ScoreChange.Function _ -> {}
      }
    }
  }

  /** Begins the second pass over the same rows, whose scores the caller's functions have seen. */
  void turn() {
    kept.turn();
  }

  /** Changes the scores of the tile; calls observers if {@code observed}. */
  void apply(QueryTile tile, float[] scores, boolean observed) {
    AttentionProblem problem = tile.problem();
    List<ScoreChange> changes = problem.formula.changes();
    observe(tile, Stage.RAW, scores, observed);
    // in steps whose scores stay in L1, unless a function sees the whole tile in between
    int step = problem.callsFunctions() ? tile.keys() : L1_KEYS;
    for (int from = 0; from < tile.keys(); from += step) {
      int to = Math.min(from + step, tile.keys());
      int next = 0;
      for (int i = 0; i < STAGES.size(); i++) {
        for (; next < changes.size() && changes.get(next).stage() == STAGES.get(i); next++) {
          apply(tile, changes.get(next), scores, from, to);
        }
        observe(tile, STAGES.get(i), scores, observed);
      }
    }
  }

  /** Applies a change to the scores of some keys of the tile. */
  public void apply(QueryTile tile, ScoreChange change, float[] scores, int from, int to) {
    switch (change) {
      case ScoreChange.Softcap softcap -> {
        for (int lane = 0; lane < tile.lanes(); lane += LANES) {
          softcap(softcap, scores, LaneRows.index(LaneRows.KEYS, from, lane), LaneRows.index(LaneRows.KEYS, to, lane));
        }
      }
      case ScoreChange.AddedBias(Bias bias, _) -> bias(tile, bias, biasStarts[change.rank()], scores, from, to);
      case ScoreChange.Alibi _ -> addDistances(tile, scores, from, to);
      case ScoreChange.Function(RowFunction function, _) ->
          tileHooks.change(function, tile.problem().callsTwice() ? kept : null, tile, scores);
    }
  }

  /** Runs the function that changes weights, if there is one. */
  void changeWeights(QueryTile tile, float[] weights) {
    RowFunction function = tile.problem().formula.weightFunction();
    if (function != null) {
      tileHooks.change(function, null, tile, weights);
    }
  }

  /** Calls the observers of a stage, if {@code observed}. */
  void observe(QueryTile tile, Stage stage, float[] scores, boolean observed) {
    List<CallResults.Observer> observers = tile.problem().results.observers();
    for (int i = 0; observed && i < observers.size(); i++) {
      if (observers.get(i).stage() == stage) {
        tileHooks.observe(observers.get(i).function(), tile, scores);
      }
    }
  }

  /** Applies a change to the scores of {@code count} keys of one row, whose first score is {@code scores[at]}, of a decoding step. */
  public static void applyToRow(
      AttentionProblem problem, ScoreChange change, int b, int head, int query, int key, float[] scores, int at, int count) {
    if (change instanceof ScoreChange.Softcap softcap) {
      softcap(softcap, scores, at, at + Packing.roundUp(count, LANES));
    } else {
      change.apply(problem, b, head, query, key, scores, at, count);
    }
  }

  /**
   * cap · tanh(score / cap). Most scores are small compared with the cap, and the general formula runs only for vectors with a large score.
   * For small scores the result is the score plus a correction, so that a quotient that underflows loses nothing.
   */
  static void softcap(ScoreChange.Softcap change, float[] scores, int from, int to) {
    float cap = change.limit();
    if (cap < Float.MIN_NORMAL) { // the inverse may be infinite, and 0 times that NaN
      change.apply(scores, from, to - from);
      return;
    }
    float inverse = 1 / cap;
    for (int i = from; i < to; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, i).mul(inverse);
      if (x.abs().compare(VectorOperators.GT, VectorFunctions.SMALL).anyTrue()) {
        largeSoftcap(scores, i, cap, inverse);
      } else {
        // the formula of VectorFunctions.tanhCorrection, repeated here for the reason given in OnlineSoftmax
        FloatVector z = x.mul(x);
        FloatVector p = z.fma(broadcast(SPECIES, VectorFunctions.TANH_11), broadcast(SPECIES, VectorFunctions.TANH_9));
        p = p.fma(z, broadcast(SPECIES, VectorFunctions.TANH_7));
        p = p.fma(z, broadcast(SPECIES, VectorFunctions.TANH_5));
        p = p.fma(z, broadcast(SPECIES, VectorFunctions.TANH_3));
        FloatVector score = FloatVector.fromArray(SPECIES, scores, i);
        p.mul(z).fma(score, score).intoArray(scores, i);
      }
    }
  }

  /** Computes one vector with at least one large score; the bits of the small scores do not depend on the large ones. */
  private static void largeSoftcap(float[] scores, int at, float cap, float inverse) {
    FloatVector score = FloatVector.fromArray(SPECIES, scores, at);
    FloatVector x = score.mul(inverse);
    VectorMask<Float> large = x.abs().compare(VectorOperators.GT, VectorFunctions.SMALL);
    FloatVector small = VectorFunctions.tanhCorrection(x).fma(score, score);
    small.blend(VectorFunctions.tanh(x).mul(cap), large).intoArray(scores, at);
  }

  /** Transposes the bias of some keys of the tile into the lanes and adds it. */
  private void bias(QueryTile tile, Bias bias, int[] starts, float[] scores, int from, int to) {
    if (from == 0) {
      touch(tile, bias, starts);
    }
    Scratch scratch = tile.scratch;
    for (int lane = 0; lane < tile.lanes(); lane += LANES) {
      for (int i = from; i < to; i += LANES) {
        int count = Math.min(LANES, to - i);
        if (bias.keyStride() == 1 && count == LANES) {
          scratch.source.setRows(bias.data(), starts, lane, tile.key() + i);
        } else {
          copyBias(bias, starts, lane, tile.key() + i, count, scratch.padded);
          scratch.source.set(scratch.padded, 0, LANES);
        }
        scratch.target.set(biasBlock, 0, LANES);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
        addBias(scores, LaneRows.index(LaneRows.KEYS, i, lane), count);
      }
    }
  }

  /**
   * Reads the rows of a bias once, row by row. Rows are far apart, often by a multiple of the cache's period; in this order they stream
   * from memory.
   */
  private void touch(QueryTile tile, Bias bias, int[] starts) {
    int bits = 0;
    for (int lane = 0; bias.keyStride() == 1 && lane < tile.rows(); lane++) {
      int from = starts[lane] + tile.key();
      for (int i = 0; i < tile.keys(); i += QueryTile.LINE) {
        bits ^= Float.floatToRawIntBits(bias.data()[from + i]);
      }
    }
    tile.scratch.touched = bits;
  }

  private void copyBias(Bias bias, int[] starts, int lane, int key, int count, float[] target) {
    Arrays.fill(target, 0);
    for (int i = 0; i < LANES; i++) {
      for (int k = 0; k < count; k++) {
        target[i * LANES + k] = bias.data()[starts[lane + i] + (key + k) * bias.keyStride()];
      }
    }
  }

  /** Adds a block of keys × lanes. A bias of −∞ replaces the score, because the score may be NaN. */
  private void addBias(float[] scores, int from, int keys) {
    for (int i = 0; i < keys; i++) {
      int at = from + i * LANES;
      FloatVector bias = FloatVector.fromArray(SPECIES, biasBlock, i * LANES);
      FloatVector.fromArray(SPECIES, scores, at)
          .add(bias)
          .blend(bias, bias.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY))
          .intoArray(scores, at);
    }
  }

  /** score − slope · |position − the key's position|. */
  private void addDistances(QueryTile tile, float[] scores, int from, int to) {
    int nodes = Math.clamp((long) tile.problem().endOfRows(tile.batchEntry()) - tile.key(), from, to);
    for (int lane = 0; lane < tile.lanes(); lane += LANES) {
      addDistances(scores, lane, tile.key(), from, nodes);
      for (int i = nodes; i < to; i++) { // nodes of a tree have any positions
        int key = tile.problem().keyPosition(tile.batchEntry(), tile.key() + i);
        addDistances(scores, lane, key - i, i, i + 1);
      }
    }
  }

  /** The same for keys {@code from} (inclusive) to {@code to} (exclusive) of the tile, whose positions are key + from and so on. */
  private void addDistances(float[] scores, int lane, int key, int from, int to) {
    for (int i = lane; i < lane + LANES; i++) {
      long before = position[i] - key - from + 1;
      distance[i] = (float) before;
      if (Math.abs(before) >= MOST_DISTANCE) {
        addFarDistances(scores, lane, key, from, to);
        return;
      }
    }
    FloatVector next = FloatVector.fromArray(SPECIES, distance, lane);
    FloatVector slopes = FloatVector.fromArray(SPECIES, slope, lane);
    for (int i = from; i < to; i++) {
      int at = LaneRows.index(LaneRows.KEYS, i, lane);
      next = FloatVector.broadcast(SPECIES, -1f).add(next);
      next.abs().fma(slopes, FloatVector.fromArray(SPECIES, scores, at)).intoArray(scores, at);
    }
  }

  /** The same for distances that floats do not count by ones. */
  private void addFarDistances(float[] scores, int lane, int key, int from, int to) {
    for (int i = from; i < to; i++) {
      for (int j = lane; j < lane + LANES; j++) {
        int at = LaneRows.index(LaneRows.KEYS, i, j);
        scores[at] = (float) (scores[at] + (double) slope[j] * Math.abs(position[j] - key - i));
      }
    }
  }
}
