package dev.lanewise.kernels.simd.fused;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.VectorExp;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The running maximum and sum of a tile of queries, one query in each lane (Milakov and Gimelshein, "Online normalizer calculation for
 * softmax", 2018). Scores are keys × {@link Tiles#QUERIES}; with a query in each lane no sum or maximum across lanes is needed. The factor
 * log<sub>2</sub> e is applied after the maximum has been subtracted, because it would make the largest floats overflow.
 */
public final class OnlineSoftmax implements TileNormaliser {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] max = new float[QUERIES];

  /** Sums of the tiles so far, in double; a chain of floats over thousands of tiles would lose precision. */
  private final double[] total = new double[QUERIES];

  /** Sums of the current tile. */
  private final float[] sum = new float[QUERIES];

  private final float[] sink = new float[QUERIES];
  private final float[] raised = new float[QUERIES];
  private final float[] factor = new float[QUERIES];
  private final float[] ignored = new float[QUERIES];

  /** Whether {@link #max} is the given log-sum-exp, so that the exponentials are the weights. */
  private boolean known;

  @Override
  public void open(QueryTile tile, Normaliser normaliser) {
    known = false;
    Arrays.fill(max, Float.NEGATIVE_INFINITY);
    Arrays.fill(total, 0);
    Arrays.fill(sink, Float.NEGATIVE_INFINITY);
    for (int lane = 0; normaliser.hasSinks() && lane < QUERIES; lane++) {
      sink[lane] = normaliser.sink(tile.queryHead(lane));
    }
  }

  @Override
  public void openKnown(float[] lanesLogSumExp) {
    known = true;
    System.arraycopy(lanesLogSumExp, 0, max, 0, QUERIES);
  }

  @Override
  public float @Nullable [] update(QueryTile tile, float[] scores) {
    boolean moved = raiseMax(scores, tile.keys());
    if (moved) {
      moveMax();
    }
    Arrays.fill(sum, 0);
    for (int key = 0; key < tile.keys(); key = tile.chainEnd(key)) {
      exponentials(scores, key, tile.chainEnd(key), sum);
    }
    for (int lane = 0; lane < QUERIES; lane++) {
      total[lane] += sum[lane];
    }
    return moved ? factor : null;
  }

  /** Returns 1 / sum for each lane; 0 for a lane that has seen no key. */
  @Override
  public float[] close() {
    for (int lane = 0; lane < QUERIES; lane++) {
      double whole = total[lane];
      if (sink[lane] != Float.NEGATIVE_INFINITY) {
        whole += Math.exp((double) sink[lane] - max[lane]);
      }
      factor[lane] = total[lane] == 0 ? 0 : (float) (1 / whole);
    }
    return factor;
  }

  @Override
  public void weights(float[] scores, int keys) {
    exponentials(scores, 0, keys, ignored);
    if (!known) {
      LaneTransposer.multiply(scores, keys, factor);
    }
  }

  @Override
  public boolean dividesByFinite(int lane) {
    return Double.isFinite(total[lane]);
  }

  @Override
  public float logSumExp(int lane) {
    return logSumExp(max[lane], total[lane], sink[lane]);
  }

  /**
   * ln(sum · e<sup>max</sup> + e<sup>sink</sup>), for any distance between them. If no key has been seen, sum is 0 and the result is the
   * sink, which may be −∞.
   */
  public static float logSumExp(float max, double sum, float sink) {
    if (sum == 0) {
      return sink;
    }
    double keys = max + Math.log(sum);
    double high = Math.max(keys, sink);
    return (float) (high + Math.log1p(Math.exp(Math.min(keys, sink) - high)));
  }

  private boolean raiseMax(float[] scores, int keys) {
    Arrays.fill(scores, keys * QUERIES, Packing.roundUp(keys, 4) * QUERIES, Float.NEGATIVE_INFINITY); // the loop reads four keys at a time
    boolean moved = false;
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      moved |= raiseMax(scores, lane, keys);
    }
    return moved;
  }

  /**
   * Raises the maximum of one vector of lanes. A NaN may or may not stay as the maximum; its weight is NaN in both cases. Methods are
   * called on newly created vectors, never on those that the loop carries: C2 knows the class of the latter only by profile, and boxes them
   * if the profile is wrong.
   */
  private boolean raiseMax(float[] scores, int lane, int keys) {
    FloatVector old = FloatVector.fromArray(SPECIES, max, lane);
    // four chains, because compare and blend take several cycles
    FloatVector max0 = old;
    FloatVector max1 = old;
    FloatVector max2 = old;
    FloatVector max3 = old;
    for (int key = 0; key < keys; key += 4) {
      int at = key * QUERIES + lane;
      FloatVector x0 = FloatVector.fromArray(SPECIES, scores, at);
      FloatVector x1 = FloatVector.fromArray(SPECIES, scores, at + QUERIES);
      FloatVector x2 = FloatVector.fromArray(SPECIES, scores, at + 2 * QUERIES);
      FloatVector x3 = FloatVector.fromArray(SPECIES, scores, at + 3 * QUERIES);
      max0 = x0.blend(max0, x0.compare(VectorOperators.LE, max0));
      max1 = x1.blend(max1, x1.compare(VectorOperators.LE, max1));
      max2 = x2.blend(max2, x2.compare(VectorOperators.LE, max2));
      max3 = x3.blend(max3, x3.compare(VectorOperators.LE, max3));
    }
    FloatVector highest = old.blend(max0, old.compare(VectorOperators.LT, max0));
    highest = highest.blend(max1, highest.compare(VectorOperators.LT, max1));
    highest = highest.blend(max2, highest.compare(VectorOperators.LT, max2));
    highest = highest.blend(max3, highest.compare(VectorOperators.LT, max3));
    highest.intoArray(raised, lane);
    return old.compare(VectorOperators.LT, highest).anyTrue();
  }

  /** Replaces the maximum by the raised one and computes factor = e<sup>old − new</sup>, with the old maxima as the scores of one key. */
  private void moveMax() {
    System.arraycopy(max, 0, factor, 0, QUERIES);
    System.arraycopy(raised, 0, max, 0, QUERIES);
    exponentials(factor, 0, 1, ignored);
    for (int lane = 0; lane < QUERIES; lane++) {
      total[lane] *= factor[lane];
    }
  }

  private void exponentials(float[] scores, int from, int to, float[] sums) {
    for (int lane = 0; lane < QUERIES; lane += LANES) {
      exponentials(scores, lane, from, to, sums);
    }
  }

  /**
   * Computes the exponentials of one vector of lanes. The formula of {@link VectorExp} is repeated here: in a large method C2 inlines the
   * JDK's vector methods but not ours, and a call boxes its vectors (four times the time).
   */
  private void exponentials(float[] scores, int lane, int from, int to, float[] sums) {
    // 0 instead of −∞, so that a lane without keys so far computes −∞ − 0 and not −∞ − −∞
    FloatVector lanesMax = FloatVector.fromArray(SPECIES, max, lane);
    lanesMax = lanesMax.blend(0f, lanesMax.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
    FloatVector lanesSum = FloatVector.zero(SPECIES);
    for (int key = from; key < to; key++) {
      int at = key * QUERIES + lane;
      FloatVector t = FloatVector.fromArray(SPECIES, scores, at).sub(lanesMax);
      FloatVector clamped = t.blend(VectorExp.LEAST, t.compare(VectorOperators.LT, VectorExp.LEAST));
      FloatVector shifted = clamped.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC));
      FloatVector fraction = clamped.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC).sub(shifted));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      FloatVector weight = p.mul(power);
      weight.intoArray(scores, at);
      lanesSum = weight.add(lanesSum);
    }
    FloatVector.fromArray(SPECIES, sums, lane).add(lanesSum).intoArray(sums, lane);
  }
}
