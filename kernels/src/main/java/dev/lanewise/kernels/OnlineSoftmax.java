package dev.lanewise.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The running maximum and sum of a panel of queries, one query a lane (Milakov and Gimelshein, "Online normalizer calculation for softmax",
 * 2018). Scores are in units of log 2, keys × {@link Tiles#COLUMNS}; with a query in each lane nothing is ever reduced across lanes.
 */
final class OnlineSoftmax {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int COLUMNS = Tiles.COLUMNS;

  private final float[] max = new float[COLUMNS];
  private final float[] sum = new float[COLUMNS];
  private final float[] raised = new float[COLUMNS];
  private final float[] factor = new float[COLUMNS];
  private final float[] ignored = new float[COLUMNS];

  void reset() {
    java.util.Arrays.fill(max, Float.NEGATIVE_INFINITY);
    java.util.Arrays.fill(sum, 0);
  }

  /**
   * Takes in the scores of some more keys: scores become weights 2<sup>score − max</sup>, their sum is added to the running one.
   *
   * @return whether a maximum moved, so that what was accumulated before must be multiplied with {@link #rescale}'s factor
   */
  boolean update(float[] scores, int keys) {
    boolean moved = raiseMax(scores, keys);
    if (moved) {
      moveMax();
    }
    exponentials(scores, keys, sum);
    return moved;
  }

  /** Multiplies each of {@code rows} rows of {@code accumulated} with 2<sup>old max − new max</sup> of its lanes. */
  void rescale(float[] accumulated, int rows) {
    FloatVector factor0 = FloatVector.fromArray(SPECIES, factor, 0);
    FloatVector factor1 = FloatVector.fromArray(SPECIES, factor, LANES);
    for (int row = 0; row < rows; row++) {
      int at = row * COLUMNS;
      FloatVector.fromArray(SPECIES, accumulated, at).mul(factor0).intoArray(accumulated, at);
      FloatVector.fromArray(SPECIES, accumulated, at + LANES).mul(factor1).intoArray(accumulated, at + LANES);
    }
  }

  /** Divides the accumulated rows by the sums; a lane that saw no key gets 0. */
  void normalise(float[] accumulated, int rows) {
    for (int lane = 0; lane < COLUMNS; lane++) {
      factor[lane] = sum[lane] == 0 ? 0 : 1 / sum[lane];
    }
    rescale(accumulated, rows);
  }

  /** Natural logarithm of the sum of e<sup>score</sup> of a lane; −∞ if it saw no key. */
  float logSumExp(int lane) {
    return sum[lane] == 0 ? Float.NEGATIVE_INFINITY : (float) (max[lane] * Math.log(2) + Math.log(sum[lane]));
  }

  private boolean raiseMax(float[] scores, int keys) {
    FloatVector old0 = FloatVector.fromArray(SPECIES, max, 0);
    FloatVector old1 = FloatVector.fromArray(SPECIES, max, LANES);
    // two chains a column, because compare and blend take several cycles
    FloatVector even0 = old0;
    FloatVector even1 = old1;
    FloatVector odd0 = old0;
    FloatVector odd1 = old1;
    int pairs = keys & -2;
    for (int key = 0; key < pairs; key += 2) {
      int at = key * COLUMNS;
      even0 = larger(even0, FloatVector.fromArray(SPECIES, scores, at));
      even1 = larger(even1, FloatVector.fromArray(SPECIES, scores, at + LANES));
      odd0 = larger(odd0, FloatVector.fromArray(SPECIES, scores, at + COLUMNS));
      odd1 = larger(odd1, FloatVector.fromArray(SPECIES, scores, at + COLUMNS + LANES));
    }
    if (pairs < keys) {
      even0 = larger(even0, FloatVector.fromArray(SPECIES, scores, pairs * COLUMNS));
      even1 = larger(even1, FloatVector.fromArray(SPECIES, scores, pairs * COLUMNS + LANES));
    }
    FloatVector new0 = larger(even0, odd0);
    FloatVector new1 = larger(even1, odd1);
    new0.intoArray(raised, 0);
    new1.intoArray(raised, LANES);
    return new0.compare(VectorOperators.GT, old0).or(new1.compare(VectorOperators.GT, old1)).anyTrue();
  }

  /** Takes over the raised maximum: factor = 2<sup>old − new</sup>, as if the old maxima were the scores of one key. */
  private void moveMax() {
    System.arraycopy(max, 0, factor, 0, COLUMNS);
    System.arraycopy(raised, 0, max, 0, COLUMNS);
    exponentials(factor, 1, ignored);
    for (int lane = 0; lane < COLUMNS; lane += LANES) {
      FloatVector.fromArray(SPECIES, sum, lane).mul(FloatVector.fromArray(SPECIES, factor, lane)).intoArray(sum, lane);
    }
  }

  private void exponentials(float[] scores, int keys, float[] sums) {
    exponentials(scores, 0, keys, sums);
    exponentials(scores, LANES, keys, sums);
  }

  /** Of one vector of lanes: two in a loop would pass C2's limit on inlining, and calls cost four times the arithmetic. */
  private void exponentials(float[] scores, int lane, int keys, float[] sums) {
    // 0 in place of −∞: a lane without any key so far then computes −∞ − 0 and not −∞ − −∞
    FloatVector lanesMax = FloatVector.fromArray(SPECIES, max, lane);
    lanesMax = lanesMax.blend(0f, lanesMax.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
    FloatVector lanesSum = FloatVector.fromArray(SPECIES, sums, lane);
    for (int key = 0; key < keys; key++) {
      int at = key * COLUMNS + lane;
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
