package dev.lanewise.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Kernels that work on one row at a time: exp and the row softmax. One vector an iteration: C2 unrolls, by hand it spills. */
final class VectorRows {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private VectorRows() {}

  static void exp(float[] x, int from, float[] result, int to, int length) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      VectorExp.exp(FloatVector.fromArray(SPECIES, x, from + i)).intoArray(result, to + i);
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      VectorExp.exp(FloatVector.fromArray(SPECIES, x, from + bound, rest)).intoArray(result, to + bound, rest);
    }
  }

  /** Softmax of a row. {@code sums} is scratch of {@link Lanes#COUNT} elements. */
  static void softmax(float[] scores, int from, float[] weights, int to, int length, float[] sums) {
    float max = max(scores, from, length);
    if (max == Float.NEGATIVE_INFINITY) {
      // nothing to see, or only NaN: NaN - NaN below keeps the NaN, and -infinity becomes weight 0
      max = 0;
    }
    float sum = exponentials(scores, from, weights, to, length, max, sums);
    scale(weights, to, length, sum == 0 ? 0 : 1 / sum);
  }

  /** The largest element; NaN is passed over. Compare and blend runs twice as fast as {@code FloatVector.max}. */
  private static float max(float[] x, int from, int length) {
    FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      max = max.blend(v, v.compare(VectorOperators.GT, max));
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + bound, rest);
      max = max.blend(v, v.compare(VectorOperators.GT, max).and(rest));
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /** weights = exp(scores - max); returns their sum, added in an order that is fixed (that of reduceLanes is not). */
  private static float exponentials(float[] scores, int from, float[] weights, int to, int length, float max, float[] sums) {
    FloatVector sum = FloatVector.zero(SPECIES);
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector t = FloatVector.fromArray(SPECIES, scores, from + i).sub(max).mul(VectorExp.LOG2_E);
      FloatVector weight = VectorExp.exp2NotPositive(t);
      weight.intoArray(weights, to + i);
      sum = sum.add(weight);
    }
    if (bound < length) {
      VectorMask<Float> rest = SPECIES.indexInRange(bound, length);
      FloatVector t = FloatVector.fromArray(SPECIES, scores, from + bound, rest).sub(max).mul(VectorExp.LOG2_E);
      FloatVector weight = VectorExp.exp2NotPositive(t);
      weight.intoArray(weights, to + bound, rest);
      sum = sum.add(weight, rest);
    }
    sum.intoArray(sums, 0);
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        sums[i] += sums[i + half];
      }
    }
    return sums[0];
  }

  private static void scale(float[] x, int from, int length, float factor) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      FloatVector.fromArray(SPECIES, x, from + i).mul(factor).intoArray(x, from + i);
    }
    for (int i = bound; i < length; i++) {
      x[from + i] *= factor;
    }
  }
}
