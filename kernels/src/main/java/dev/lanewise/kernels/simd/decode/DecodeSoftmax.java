package dev.lanewise.kernels.simd.decode;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.simd.lanes.VectorExp;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** A step of the softmax of {@link RowOrder}: {@link #KEYS} scores of a row, keys in the lanes. */
final class DecodeSoftmax {
  /** Number of keys of a tile: one word of mask bits, four blocks of rows. */
  static final int KEYS = RowOrder.STEP;

  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private DecodeSoftmax() {}

  /** Multiplies each score by its key's factor. */
  static void multiply(float[] scores, int at, float[] factors, int from, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector.fromArray(SPECIES, scores, at + i).mul(FloatVector.fromArray(SPECIES, factors, from + i)).intoArray(scores, at + i);
    }
  }

  /** Writes a value, −∞ for scores or 0 for weights, for each key whose bit is not set. */
  static void hide(float[] scores, int at, long visible, float value) {
    for (int i = 0; i < KEYS; i += LANES) {
      VectorMask<Float> hides = VectorMask.fromLong(SPECIES, ~visible >>> i);
      FloatVector.fromArray(SPECIES, scores, at + i).blend(value, hides).intoArray(scores, at + i);
    }
  }

  /** The keys whose score is not −∞, one bit for each. */
  static long finite(float[] scores, int at) {
    long bits = 0;
    for (int i = 0; i < KEYS; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, at + i);
      bits |= x.compare(VectorOperators.NE, Float.NEGATIVE_INFINITY).toLong() << i;
    }
    return bits;
  }

  /** Whether a score times {@code scale} is above a limit. It is called first, because most tiles do not raise the maximum. */
  static boolean exceeds(float[] scores, int at, float scale, float limit) {
    boolean any = false;
    for (int i = 0; i < KEYS; i += LANES) {
      any |= FloatVector.fromArray(SPECIES, scores, at + i).mul(scale).compare(VectorOperators.GT, limit).anyTrue();
    }
    return any;
  }

  /** The largest score. A NaN may or may not be the result; its weight is NaN in both cases. */
  static float max(float[] scores, int at) {
    FloatVector max = FloatVector.fromArray(SPECIES, scores, at);
    for (int i = LANES; i < KEYS; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, at + i);
      max = x.blend(max, x.compare(VectorOperators.LE, max));
    }
    return broadcast(SPECIES, Float.NEGATIVE_INFINITY).max(max).reduceLanes(VectorOperators.MAX);
  }

  /**
   * Turns scores times {@code scale} into weights e<sup>score − base</sup> times {@code factor}. The formula is that of {@link VectorExp}.
   */
  static void exponentials(float[] scores, int at, float scale, float base, float factor) {
    for (int i = at; i < at + KEYS; i += LANES) {
      FloatVector t = FloatVector.fromArray(SPECIES, scores, i).mul(scale).sub(base);
      FloatVector clamped = t.blend(VectorExp.LEAST, t.compare(VectorOperators.LT, VectorExp.LEAST));
      FloatVector shifted = clamped.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC));
      FloatVector fraction = clamped.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC).sub(shifted));
      FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector p = fraction.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_3));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_2));
      p = p.fma(fraction, broadcast(SPECIES, VectorExp.EXP2_1));
      p = p.fma(fraction, broadcast(SPECIES, 1f));
      p.mul(power).mul(factor).intoArray(scores, i);
    }
  }

  /** The sum of the weights of a row, in chains of {@link RowOrder#CHAIN} keys. */
  static float sum(float[] weights, int at) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    for (int i = at; i < at + RowOrder.CHAIN; i++) { // four chains side by side, because an addition takes several cycles
      sum0 += weights[i];
      sum1 += weights[i + RowOrder.CHAIN];
      sum2 += weights[i + 2 * RowOrder.CHAIN];
      sum3 += weights[i + 3 * RowOrder.CHAIN];
    }
    return sum0 + sum1 + sum2 + sum3;
  }

  /** x *= factor; {@code length} is a multiple of the lanes. */
  static void multiply(float[] x, int from, int length, float factor) {
    for (int i = from; i < from + length; i += LANES) {
      FloatVector.fromArray(SPECIES, x, i).mul(factor).intoArray(x, i);
    }
  }
}
