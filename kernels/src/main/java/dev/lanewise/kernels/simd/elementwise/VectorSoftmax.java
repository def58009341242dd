package dev.lanewise.kernels.simd.elementwise;

import static jdk.incubator.vector.FloatVector.broadcast;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.fused.OnlineSoftmax;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.VectorExp;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * exp and softmax of rows. Elements at the end that fill no vector are computed by the same loops in padded scratch. The loops contain the
 * formulas, see {@link VectorExp}.
 */
public final class VectorSoftmax {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;
  private static final int PAIR = 2 * LANES;
  private static final int INTERVAL = Interruption.INTERVAL;

  /** Number of elements whose exponentials are summed in floats, with 64 terms in a chain; these sums are added in double. */
  private static final int SUM_CHAIN = 64 * PAIR;

  /** The longest row of {@link #shortRows}. Rows of 512 gain 5 %, rows of 1024 lose as much. */
  private static final int SHORT = 512;

  private VectorSoftmax() {}

  /** result[to + i] = e<sup>x[from + i]</sup>; {@code padded} is scratch of one vector. */
  public static void exp(float[] x, int from, float[] result, int to, int length, float[] padded) {
    int bound = SPECIES.loopBound(length);
    exp(x, from, result, to, bound);
    if (bound < length) {
      System.arraycopy(x, from + bound, padded, 0, length - bound);
      exp(padded, 0, padded, 0, LANES);
      System.arraycopy(padded, 0, result, to + bound, length - bound);
    }
  }

  /** e<sup>x</sup> over the whole range, denormal results included. */
  private static void exp(float[] x, int from, float[] result, int to, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector clamped = v.blend(-104f, v.compare(VectorOperators.LT, -104f));
      clamped = clamped.blend(89f, clamped.compare(VectorOperators.GT, 89f));
      FloatVector shifted = clamped.fma(broadcast(SPECIES, VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.MAGIC));
      FloatVector exponent = shifted.sub(VectorExp.MAGIC);
      FloatVector r = exponent.fma(broadcast(SPECIES, -VectorExp.LN2_HIGH), clamped);
      r = exponent.fma(broadcast(SPECIES, -VectorExp.LN2_LOW), r);
      FloatVector p = r.fma(broadcast(SPECIES, VectorExp.EXP_6), broadcast(SPECIES, VectorExp.EXP_5));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_4));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_3));
      p = p.fma(r, broadcast(SPECIES, VectorExp.EXP_2));
      p = p.fma(r, broadcast(SPECIES, 1f));
      p = p.fma(r, broadcast(SPECIES, 1f));
      // 2^exponent as a product of two powers, because a single one could exceed the range of normal floats
      IntVector whole = shifted.reinterpretAsInts().sub(Float.floatToRawIntBits(VectorExp.MAGIC));
      IntVector half = whole.lanewise(VectorOperators.ASHR, 1);
      FloatVector power = half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      FloatVector rest = whole.sub(half).add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
      p.mul(power).mul(rest).intoArray(result, to + i);
    }
  }

  /**
   * Computes the softmax of every row. The loop that scales a row also finds the maximum of the next row: one writes, the other reads, and
   * the next row comes from memory while the core waits for nothing else.
   */
  public static void softmax(Matrix scores, Matrix weights, Scratch scratch) {
    if (scores.columns() <= SHORT) {
      shortRows(scores, weights, scratch);
      return;
    }
    float max = max(scores, 0, scratch.padded);
    for (int row = 0; row < scores.rows(); row++) {
      // no score above -infinity, or only NaN: NaN - 0 keeps the NaN, and -infinity becomes weight 0
      double sum = exponentials(scores, weights, row, max == Float.NEGATIVE_INFINITY ? 0 : max, scratch);
      float factor = sum == 0 ? 0 : (float) (1 / sum);
      boolean isLast = row + 1 == scores.rows();
      max = Float.NEGATIVE_INFINITY;
      for (int interval = 0; interval < intervals(weights); interval++) {
        Interruption.check();
        int to = weights.index(row, interval * INTERVAL);
        int length = length(weights, interval);
        if (isLast) {
          RowArithmetic.scale(weights.data(), to, length, factor);
        } else {
          int next = scores.index(row + 1, interval * INTERVAL);
          max = Math.max(max, scaleAndMax(weights.data(), to, factor, scores.data(), next, length, scratch.padded));
        }
      }
    }
  }

  /**
   * The softmax of rows of which several fit in L1: a row is scaled after the exponentials of the next row, in the loop that finds the
   * maximum of the row two further on. No loop then waits for a sum or a maximum across lanes.
   */
  private static void shortRows(Matrix scores, Matrix weights, Scratch scratch) {
    int rows = scores.rows();
    int columns = scores.columns();
    float max = max(scores, 0, scratch.padded);
    float nextMax = rows > 1 ? max(scores, 1, scratch.padded) : 0;
    float factor = 0;
    for (int row = 0; row < rows; row++) {
      double sum = exponentials(scores, weights, row, max == Float.NEGATIVE_INFINITY ? 0 : max, scratch);
      max = nextMax;
      if (row == 0) {
        nextMax = rows > 2 ? max(scores, 2, scratch.padded) : 0;
      } else if (row + 2 < rows) {
        int to = weights.index(row - 1, 0);
        nextMax = scaleAndMax(weights.data(), to, factor, scores.data(), scores.index(row + 2, 0), columns, scratch.padded);
      } else {
        RowArithmetic.scale(weights.data(), weights.index(row - 1, 0), columns, factor);
      }
      factor = sum == 0 ? 0 : (float) (1 / sum);
    }
    RowArithmetic.scale(weights.data(), weights.index(rows - 1, 0), columns, factor);
  }

  /** Computes the logarithm of the softmax of every row. The exponentials, of which only the sum counts, are written to scratch. */
  public static void logSoftmax(Matrix x, Matrix result, Scratch scratch) {
    float[] chain = scratch.right(SUM_CHAIN);
    for (int row = 0; row < x.rows(); row++) {
      float max = max(x, row, scratch.padded);
      float shift = max == Float.NEGATIVE_INFINITY ? 0 : max; // as in softmax
      double sum = 0;
      for (int column = 0; column < x.columns(); column += SUM_CHAIN) {
        Interruption.check();
        sum += exponentials(x.data(), x.index(row, column), chain, 0, Math.min(SUM_CHAIN, x.columns() - column), shift, scratch);
      }
      float log = sum == 0 ? 0 : (float) Math.log(sum);
      for (int interval = 0; interval < intervals(x); interval++) {
        Interruption.check();
        int column = interval * INTERVAL;
        RowArithmetic.subtract(x.data(), x.index(row, column), shift, log, result.data(), result.index(row, column), length(x, interval));
      }
    }
  }

  /** The largest element of a row; NaN may be ignored. */
  public static float max(Matrix scores, int row, float[] padded) {
    float max = Float.NEGATIVE_INFINITY;
    for (int interval = 0; interval < intervals(scores); interval++) {
      Interruption.check();
      max = Math.max(max, max(scores.data(), scores.index(row, interval * INTERVAL), length(scores, interval), padded));
    }
    return max;
  }

  private static float max(float[] x, int from, int length, float[] padded) {
    int bound = SPECIES.loopBound(length);
    float max = max(x, from, bound);
    if (bound < length) {
      Arrays.fill(padded, 0, LANES, Float.NEGATIVE_INFINITY);
      System.arraycopy(x, from + bound, padded, 0, length - bound);
      max = Math.max(max, max(padded, 0, LANES));
    }
    return max;
  }

  /** weights *= factor; returns the largest of as many elements of x, see {@link #max(float[], int, int)}. */
  private static float scaleAndMax(float[] weights, int to, float factor, float[] x, int from, int length, float[] padded) {
    int bound = length - length % (4 * LANES);
    float max = scaleAndMax(weights, to, factor, x, from, bound);
    if (bound < length) {
      RowArithmetic.scale(weights, to + bound, length - bound, factor);
      max = Math.max(max, max(x, from + bound, length - bound, padded));
    }
    return max;
  }

  private static float scaleAndMax(float[] weights, int to, float factor, float[] x, int from, int length) {
    FloatVector max0 = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector max1 = max0;
    FloatVector max2 = max0;
    FloatVector max3 = max0;
    for (int i = 0; i < length; i += 4 * LANES) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector x1 = FloatVector.fromArray(SPECIES, x, from + i + LANES);
      FloatVector x2 = FloatVector.fromArray(SPECIES, x, from + i + 2 * LANES);
      FloatVector x3 = FloatVector.fromArray(SPECIES, x, from + i + 3 * LANES);
      FloatVector.fromArray(SPECIES, weights, to + i).mul(factor).intoArray(weights, to + i);
      FloatVector.fromArray(SPECIES, weights, to + i + LANES).mul(factor).intoArray(weights, to + i + LANES);
      FloatVector.fromArray(SPECIES, weights, to + i + 2 * LANES).mul(factor).intoArray(weights, to + i + 2 * LANES);
      FloatVector.fromArray(SPECIES, weights, to + i + 3 * LANES).mul(factor).intoArray(weights, to + i + 3 * LANES);
      max0 = x0.blend(max0, x0.compare(VectorOperators.LE, max0));
      max1 = x1.blend(max1, x1.compare(VectorOperators.LE, max1));
      max2 = x2.blend(max2, x2.compare(VectorOperators.LE, max2));
      max3 = x3.blend(max3, x3.compare(VectorOperators.LE, max3));
    }
    FloatVector max = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    max = max.blend(max0, max.compare(VectorOperators.LT, max0));
    max = max.blend(max1, max.compare(VectorOperators.LT, max1));
    max = max.blend(max2, max.compare(VectorOperators.LT, max2));
    return max.blend(max3, max.compare(VectorOperators.LT, max3)).reduceLanes(VectorOperators.MAX);
  }

  /** weights = e<sup>scores − max</sup>; returns their sum. */
  public static double exponentials(Matrix scores, Matrix weights, int row, float max, Scratch scratch) {
    double sum = 0;
    for (int column = 0; column < scores.columns(); column += SUM_CHAIN) {
      Interruption.check();
      int length = Math.min(SUM_CHAIN, scores.columns() - column);
      sum += exponentials(scores.data(), scores.index(row, column), weights.data(), weights.index(row, column), length, max, scratch);
    }
    return sum;
  }

  private static float exponentials(float[] scores, int from, float[] weights, int to, int length, float max, Scratch scratch) {
    int bound = length - length % PAIR;
    float sum = exponentials(scores, from, weights, to, bound, max, scratch.lanes);
    if (bound < length) {
      float[] padded = scratch.padded;
      Arrays.fill(padded, 0, PAIR, Float.NEGATIVE_INFINITY);
      System.arraycopy(scores, from + bound, padded, 0, length - bound);
      sum += exponentials(padded, 0, padded, 0, PAIR, max, scratch.lanes);
      System.arraycopy(padded, 0, weights, to + bound, length - bound);
    }
    return sum;
  }

  /** Number of intervals of a row: one, unless the row is so long that interrupts must be checked within it. */
  private static int intervals(Matrix rows) {
    return Math.ceilDiv(rows.columns(), INTERVAL);
  }

  /** Number of elements of an interval. */
  private static int length(Matrix rows, int interval) {
    return Math.min(INTERVAL, rows.columns() - interval * INTERVAL);
  }

  /**
   * The largest element of whole vectors; a NaN may or may not stay as the maximum. Compare and blend runs twice as fast as {@code
   * FloatVector.max} but takes several cycles, hence four chains. Methods are called on newly created vectors, see {@link OnlineSoftmax}.
   */
  private static float max(float[] x, int from, int length) {
    FloatVector max0 = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector max1 = max0;
    FloatVector max2 = max0;
    FloatVector max3 = max0;
    int i = 0;
    for (; i <= length - 4 * LANES; i += 4 * LANES) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector x1 = FloatVector.fromArray(SPECIES, x, from + i + LANES);
      FloatVector x2 = FloatVector.fromArray(SPECIES, x, from + i + 2 * LANES);
      FloatVector x3 = FloatVector.fromArray(SPECIES, x, from + i + 3 * LANES);
      max0 = x0.blend(max0, x0.compare(VectorOperators.LE, max0));
      max1 = x1.blend(max1, x1.compare(VectorOperators.LE, max1));
      max2 = x2.blend(max2, x2.compare(VectorOperators.LE, max2));
      max3 = x3.blend(max3, x3.compare(VectorOperators.LE, max3));
    }
    for (; i < length; i += LANES) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, x, from + i);
      max0 = x0.blend(max0, x0.compare(VectorOperators.LE, max0));
    }
    FloatVector max = broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    max = max.blend(max0, max.compare(VectorOperators.LT, max0));
    max = max.blend(max1, max.compare(VectorOperators.LT, max1));
    max = max.blend(max2, max.compare(VectorOperators.LT, max2));
    return max.blend(max3, max.compare(VectorOperators.LT, max3)).reduceLanes(VectorOperators.MAX);
  }

  /**
   * Computes the exponentials of whole pairs of vectors. The pairs make the method too large for C2 to inline it into the loop over rows,
   * where it would run at half the speed.
   */
  private static float exponentials(float[] scores, int from, float[] weights, int to, int length, float max, float[] sums) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    for (int i = 0; i < length; i += PAIR) {
      FloatVector t0 = FloatVector.fromArray(SPECIES, scores, from + i).sub(max).mul(VectorExp.LOG2_E);
      FloatVector t1 = FloatVector.fromArray(SPECIES, scores, from + i + LANES).sub(max).mul(VectorExp.LOG2_E);
      t0 = t0.blend(-127f, t0.compare(VectorOperators.LT, -127f));
      t1 = t1.blend(-127f, t1.compare(VectorOperators.LT, -127f));
      FloatVector shifted0 = t0.add(VectorExp.BIASED_MAGIC);
      FloatVector shifted1 = t1.add(VectorExp.BIASED_MAGIC);
      FloatVector f0 = t0.sub(shifted0.sub(VectorExp.BIASED_MAGIC));
      FloatVector f1 = t1.sub(shifted1.sub(VectorExp.BIASED_MAGIC));
      FloatVector p0 = f0.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      FloatVector p1 = f1.fma(broadcast(SPECIES, VectorExp.EXP2_5), broadcast(SPECIES, VectorExp.EXP2_4));
      p0 = p0.fma(f0, broadcast(SPECIES, VectorExp.EXP2_3));
      p1 = p1.fma(f1, broadcast(SPECIES, VectorExp.EXP2_3));
      p0 = p0.fma(f0, broadcast(SPECIES, VectorExp.EXP2_2));
      p1 = p1.fma(f1, broadcast(SPECIES, VectorExp.EXP2_2));
      p0 = p0.fma(f0, broadcast(SPECIES, VectorExp.EXP2_1));
      p1 = p1.fma(f1, broadcast(SPECIES, VectorExp.EXP2_1));
      p0 = p0.fma(f0, broadcast(SPECIES, 1f));
      p1 = p1.fma(f1, broadcast(SPECIES, 1f));
      FloatVector weight0 = p0.mul(shifted0.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
      FloatVector weight1 = p1.mul(shifted1.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
      weight0.intoArray(weights, to + i);
      weight1.intoArray(weights, to + i + LANES);
      sum0 = weight0.add(sum0);
      sum1 = weight1.add(sum1);
    }
    FloatVector.zero(SPECIES).add(sum0).add(sum1).intoArray(sums, 0);
    return RowArithmetic.fold(sums);
  }
}
