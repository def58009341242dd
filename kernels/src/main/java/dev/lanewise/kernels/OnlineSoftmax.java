package dev.lanewise.kernels;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The running maximum and sum of a panel of queries, one query a lane (Milakov and Gimelshein, "Online normalizer calculation for softmax",
 * 2018). Scores are in units of log 2, keys × {@link Tiles#QUERIES}; with a query in each lane nothing is ever reduced across lanes.
 */
final class OnlineSoftmax implements PanelNormaliser {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] max = new float[QUERIES];
  private final float[] sum = new float[QUERIES];
  private final float[] sink = new float[QUERIES];
  private final float[] raised = new float[QUERIES];
  private final float[] factor = new float[QUERIES];
  private final float[] ignored = new float[QUERIES];

  @Override
  public void open(Panel panel, PanelMask mask) {
    Arrays.fill(max, Float.NEGATIVE_INFINITY);
    Arrays.fill(sum, 0);
    float[] sinks = panel.problem().normaliser.sinks;
    Arrays.fill(sink, Float.NEGATIVE_INFINITY);
    for (int lane = 0; sinks != null && lane < QUERIES; lane++) {
      sink[lane] = sinks[panel.queryHead(lane)];
    }
  }

  @Override
  public boolean update(float[] scores, int keys) {
    boolean moved = raiseMax(scores, keys);
    if (moved) {
      moveMax();
    }
    exponentials(scores, keys, sum);
    return moved;
  }

  @Override
  public void rescale(float[] accumulated, int rows) {
    PanelRows.multiply(accumulated, rows, factor);
  }

  /** A lane that saw no key gets 0. */
  @Override
  public void close() {
    for (int lane = 0; lane < QUERIES; lane++) {
      float whole = sum[lane];
      if (sink[lane] != Float.NEGATIVE_INFINITY) {
        whole += (float) Math.exp(sink[lane] - max[lane] * Math.log(2));
      }
      factor[lane] = sum[lane] == 0 ? 0 : 1 / whole;
    }
  }

  @Override
  public void normalise(float[] accumulated, int rows) {
    rescale(accumulated, rows);
  }

  @Override
  public void weights(float[] scores, int keys) {
    exponentials(scores, keys, ignored);
    rescale(scores, keys);
  }

  @Override
  public float logSumExp(int lane) {
    if (sum[lane] == 0) {
      return Float.NEGATIVE_INFINITY;
    }
    double keys = max[lane] * Math.log(2) + Math.log(sum[lane]);
    double high = Math.max(keys, sink[lane]);
    return (float) (high + Math.log1p(Math.exp(Math.min(keys, sink[lane]) - high)));
  }

  private boolean raiseMax(float[] scores, int keys) {
    boolean moved = false;
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      moved |= raiseMax(scores, lane, keys);
    }
    return moved;
  }

  private boolean raiseMax(float[] scores, int lane, int keys) {
    FloatVector old = FloatVector.fromArray(SPECIES, max, lane);
    // four chains, because compare and blend take several cycles
    FloatVector max0 = old;
    FloatVector max1 = old;
    FloatVector max2 = old;
    FloatVector max3 = old;
    int fours = keys & -4;
    for (int key = 0; key < fours; key += 4) {
      int at = key * QUERIES + lane;
      max0 = larger(max0, FloatVector.fromArray(SPECIES, scores, at));
      max1 = larger(max1, FloatVector.fromArray(SPECIES, scores, at + QUERIES));
      max2 = larger(max2, FloatVector.fromArray(SPECIES, scores, at + 2 * QUERIES));
      max3 = larger(max3, FloatVector.fromArray(SPECIES, scores, at + 3 * QUERIES));
    }
    for (int key = fours; key < keys; key++) {
      max0 = larger(max0, FloatVector.fromArray(SPECIES, scores, key * QUERIES + lane));
    }
    FloatVector highest = larger(larger(max0, max1), larger(max2, max3));
    highest.intoArray(raised, lane);
    return highest.compare(VectorOperators.GT, old).anyTrue();
  }

  /** Takes over the raised maximum: factor = 2<sup>old − new</sup>, as if the old maxima were the scores of one key. */
  private void moveMax() {
    System.arraycopy(max, 0, factor, 0, QUERIES);
    System.arraycopy(raised, 0, max, 0, QUERIES);
    exponentials(factor, 1, ignored);
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      FloatVector.fromArray(SPECIES, sum, lane).mul(FloatVector.fromArray(SPECIES, factor, lane)).intoArray(sum, lane);
    }
  }

  private void exponentials(float[] scores, int keys, float[] sums) {
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      exponentials(scores, lane, keys, sums);
    }
  }

  /** Of one vector of lanes: two in a loop would pass C2's limit on inlining, and calls cost four times the arithmetic. */
  private void exponentials(float[] scores, int lane, int keys, float[] sums) {
    // 0 in place of −∞: a lane without any key so far then computes −∞ − 0 and not −∞ − −∞
    FloatVector lanesMax = FloatVector.fromArray(SPECIES, max, lane);
    lanesMax = lanesMax.blend(0f, lanesMax.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
    FloatVector lanesSum = FloatVector.fromArray(SPECIES, sums, lane);
    for (int key = 0; key < keys; key++) {
      int at = key * QUERIES + lane;
      FloatVector weight = VectorExp.exp2NotPositive(FloatVector.fromArray(SPECIES, scores, at).sub(lanesMax));
      weight.intoArray(scores, at);
      lanesSum = lanesSum.add(weight);
    }
    lanesSum.intoArray(sums, lane);
  }

  /** The larger of each pair; a NaN in {@code y} is passed over here and poisons the sum later. */
  private static FloatVector larger(FloatVector x, FloatVector y) {
    return x.blend(y, y.compare(VectorOperators.GT, x));
  }
}
