package dev.lanewise.kernels.simd.fused;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.Tiles;
import dev.lanewise.kernels.simd.lanes.VectorExp;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/**
 * The running base and sum of a tile of queries, one query in each lane (Milakov and Gimelshein, "Online normalizer calculation for
 * softmax", 2018), in the order of {@link RowOrder}. With a query in each lane no sum or maximum across lanes is needed. The factor
 * log<sub>2</sub> e is applied after the base has been subtracted, because it would make the largest floats overflow.
 */
public final class OnlineSoftmax implements TileNormaliser {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int QUERIES = Tiles.QUERIES;

  private final float[] base = new float[QUERIES];

  /** Sums of the weights of the current span. */
  private final float[] sum = new float[QUERIES];

  /** The base of the spans that have been joined, if {@link #joined}. */
  private final float[] joinedBase = new float[QUERIES];

  /** The sums of those spans; after the last key, of all keys. */
  private final double[] total = new double[QUERIES];

  private final float[] sink = new float[QUERIES];
  private final float[] raised = new float[QUERIES];
  private final float[] factor = new float[QUERIES];
  private final SpanFactors spanFactors = new SpanFactors();
  private boolean joined;

  /** Whether {@link #base} is the given log-sum-exp, so that the exponentials are the weights. */
  private boolean known;

  /** Whether any lane of the span may have a base. */
  private boolean begun;

  @Override
  public void open(QueryTile tile, Normaliser normaliser) {
    known = false;
    joined = false;
    openSpan(tile.lanes());
    for (int lane = 0; lane < tile.lanes(); lane++) {
      sink[lane] = normaliser.sink(tile.queryHead(lane));
    }
  }

  @Override
  public void openKnown(float[] lanesLogSumExp) {
    known = true;
    System.arraycopy(lanesLogSumExp, 0, base, 0, QUERIES);
  }

  private void openSpan(int lanes) {
    begun = false;
    Arrays.fill(base, 0, lanes, Float.NEGATIVE_INFINITY);
    Arrays.fill(sum, 0, lanes, 0);
  }

  @Override
  public float @Nullable [] update(QueryTile tile, float[] scores, int from, int to) {
    int lanes = tile.lanes();
    boolean moved = false;
    for (int lane = 0; lane < lanes; lane += LANES) {
      int first = tile.seenFrom(lane / LANES, from);
      int end = tile.seenTo(lane / LANES, to);
      if (first < end) {
        moved |= raiseBase(scores, lane, first, end);
      } else {
        System.arraycopy(base, lane, raised, lane, LANES);
      }
    }
    boolean rescales = moved && begun;
    if (rescales) {
      rescale(lanes);
    }
    if (moved) {
      System.arraycopy(raised, 0, base, 0, lanes);
      begun = true;
    }
    for (int lane = 0; lane < lanes; lane += LANES) {
      exponentials(scores, lane, tile.seenFrom(lane / LANES, from), tile.seenTo(lane / LANES, to));
    }
    return rescales ? factor : null;
  }

  @Override
  public SpanFactors join(QueryTile tile) {
    for (int lane = 0; lane < tile.lanes(); lane++) {
      float before = joined ? joinedBase[lane] : Float.NEGATIVE_INFINITY;
      double beforeSum = joined ? total[lane] : 0;
      boolean seen = base[lane] != Float.NEGATIVE_INFINITY || sum[lane] != 0; // a span of only NaN has no base, and its sum is NaN
      float kept = seen ? RowOrder.kept(before, base[lane]) : 1;
      float added = seen ? RowOrder.added(before, base[lane]) : 0;
      joinedBase[lane] = base[lane] > before ? base[lane] : before;
      total[lane] = seen ? beforeSum * kept + (double) added * sum[lane] : beforeSum;
      spanFactors.kept[lane] = kept;
      spanFactors.added[lane] = added;
    }
    joined = true;
    openSpan(tile.lanes());
    return spanFactors;
  }

  /** Returns 1 / sum for each lane; 0 for a lane that has seen no key. */
  @Override
  public float[] close(QueryTile tile) {
    for (int lane = 0; lane < tile.lanes(); lane++) {
      if (joined) {
        base[lane] = joinedBase[lane];
      } else {
        total[lane] = sum[lane];
      }
      double whole = total[lane];
      if (sink[lane] != Float.NEGATIVE_INFINITY) {
        whole += Math.exp((double) sink[lane] - base[lane]);
      }
      factor[lane] = total[lane] == 0 ? 0 : (float) (1 / whole);
    }
    return factor;
  }

  /** Writes base and sum of a lane in the current span. */
  void leave(int lane, float[] target, int at) {
    target[at] = base[lane];
    target[at + SpanResults.SUM] = sum[lane];
  }

  @Override
  public void weights(QueryTile tile, float[] scores) {
    for (int lane = 0; lane < tile.lanes(); lane += LANES) {
      exponentials(scores, lane, 0, tile.keys());
    }
    if (!known) {
      LaneRows.multiply(scores, LaneRows.KEYS, tile.keys(), tile.lanes(), factor);
    }
  }

  @Override
  public boolean dividesByFinite(int lane) {
    return Double.isFinite(total[lane]);
  }

  @Override
  public float logSumExp(int lane) {
    return logSumExp(base[lane], total[lane], sink[lane]);
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

  /**
   * Computes the base that one vector of lanes has after a step, in {@link #raised}; returns whether that of any lane is new. A NaN never
   * becomes the base; its weight is NaN in any case. Methods are called on newly created vectors, never on those that the loop carries: C2
   * knows the class of the latter only by profile, and boxes them if the profile is wrong.
   */
  private boolean raiseBase(float[] scores, int lane, int from, int to) {
    int first = lane * LaneRows.KEYS;
    Arrays.fill(scores, first + to * LANES, first + Packing.roundUp(to, 4) * LANES, Float.NEGATIVE_INFINITY); // four keys at a time
    FloatVector old = FloatVector.fromArray(SPECIES, base, lane);
    // four chains, because compare and blend take several cycles
    FloatVector max0 = old;
    FloatVector max1 = old;
    FloatVector max2 = old;
    FloatVector max3 = old;
    for (int key = from; key < to; key += 4) {
      int at = first + key * LANES;
      FloatVector x0 = FloatVector.fromArray(SPECIES, scores, at);
      FloatVector x1 = FloatVector.fromArray(SPECIES, scores, at + LANES);
      FloatVector x2 = FloatVector.fromArray(SPECIES, scores, at + 2 * LANES);
      FloatVector x3 = FloatVector.fromArray(SPECIES, scores, at + 3 * LANES);
      max0 = x0.blend(max0, x0.compare(VectorOperators.LE, max0));
      max1 = x1.blend(max1, x1.compare(VectorOperators.LE, max1));
      max2 = x2.blend(max2, x2.compare(VectorOperators.LE, max2));
      max3 = x3.blend(max3, x3.compare(VectorOperators.LE, max3));
    }
    FloatVector highest = old.blend(max0, old.compare(VectorOperators.LT, max0));
    highest = highest.blend(max1, highest.compare(VectorOperators.LT, max1));
    highest = highest.blend(max2, highest.compare(VectorOperators.LT, max2));
    highest = highest.blend(max3, highest.compare(VectorOperators.LT, max3));
    VectorMask<Float> rises = old.add(RowOrder.RISE).compare(VectorOperators.LT, highest);
    old.blend(highest, rises).intoArray(raised, lane);
    return rises.anyTrue();
  }

  /** Computes factor = e<sup>old − new base</sup> and rescales the sums of the span. */
  private void rescale(int lanes) {
    for (int lane = 0; lane < lanes; lane++) {
      factor[lane] = raised[lane] == base[lane] ? 1 : RowOrder.exp(base[lane] - raised[lane]);
      sum[lane] *= factor[lane];
    }
  }

  /**
   * Replaces the scores of one vector of lanes by their exponentials and adds these to the sums. The formula of {@link VectorExp} is
   * repeated here: in a large method C2 inlines the JDK's vector methods but not ours, and a call boxes its vectors (four times the time).
   */
  private void exponentials(float[] scores, int lane, int from, int to) {
    int first = lane * LaneRows.KEYS;
    // 0 instead of −∞, so that a lane without keys so far computes −∞ − 0 and not −∞ − −∞
    FloatVector lanesBase = FloatVector.fromArray(SPECIES, base, lane);
    lanesBase = lanesBase.blend(0f, lanesBase.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
    FloatVector stepSum = FloatVector.zero(SPECIES);
    for (int chain = from; chain < to; chain += RowOrder.CHAIN) {
      int end = Math.min(chain + RowOrder.CHAIN, to);
      FloatVector chainSum = FloatVector.zero(SPECIES);
      for (int key = chain; key < end; key++) {
        int at = first + key * LANES;
        FloatVector t = FloatVector.fromArray(SPECIES, scores, at).sub(lanesBase);
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
        chainSum = weight.add(chainSum);
      }
      stepSum = chainSum.add(stepSum);
    }
    FloatVector.fromArray(SPECIES, sum, lane).add(stepSum).intoArray(sum, lane);
  }
}
