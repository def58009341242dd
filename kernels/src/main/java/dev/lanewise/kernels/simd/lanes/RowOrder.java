package dev.lanewise.kernels.simd.lanes;

/**
 * The order of operations on a row of softmax attention. The fused kernel and decoding both follow it, so that a row has the same bits in a
 * step, in a chunk and in a whole pass. Positions of keys are absolute, whatever a mask hides. Over a cache in F16, decoding computes with
 * numbers divided by a power of two, which is exact unless they underflow; over INT8 it multiplies scores and weights by the scales of
 * rows, where the fused kernel multiplies keys and values, so the bits differ.
 *
 * <ol>
 *   <li>A score is one chain of fused multiply-adds over the elements of query and key, of at most {@link Tiles#KC} each.
 *   <li>{@link #STEP} keys are taken together. If their largest score is more than {@link #RISE} above the base, it becomes the base, and
 *       the sums so far are multiplied by {@link #exp} of old base − new base. Before the first visible key the base is −∞.
 *   <li>weight = e<sup>score − base</sup>, by the formula of {@link VectorExp}, 0 for a hidden key.
 *   <li>Weights, and weights times values, are summed in chains of {@link #CHAIN} keys that begin at 0. The chains of a step are added in
 *       order, beginning at 0, and their sum is added to the sum of the span.
 *   <li>A span of {@link #SPAN} keys begins with base −∞ and sums 0. Spans in which the row sees a key are joined in order, in double: the
 *       joined base is the larger one, and the sums with the smaller base are multiplied by {@link #exp} of the difference.
 *   <li>The output is the joined sum, as a float, times the float 1 / whole, where whole is the joined sum of the weights with the sink.
 * </ol>
 */
public final class RowOrder {
  /** Number of keys whose scores are looked at together before the base moves. */
  public static final int STEP = 64;

  /** Number of keys that are summed in one chain of floats; a block of a cache holds as many. */
  public static final int CHAIN = 16;

  /** Number of keys whose sums are floats with one base. */
  public static final int SPAN = 1280;

  /**
   * How far a score may exceed the base, in powers of e, before the base moves: weights stay below 2981. A base that followed each rise
   * would be moved, with all sums, at nearly every step of 64 rows.
   */
  public static final float RISE = 8;

  private RowOrder() {}

  /** The factor of the joined sums when a span in which the row sees a key is joined to them. */
  public static float kept(float joinedBase, float spanBase) {
    return spanBase > joinedBase ? exp(joinedBase - spanBase) : 1;
  }

  /** The factor of that span's sums. It is NaN or 0 if the row sees only NaN in the span, whose base is then −∞ and whose sum is NaN. */
  public static float added(float joinedBase, float spanBase) {
    return spanBase > joinedBase ? 1 : exp(spanBase - joinedBase);
  }

  /** sums[i] = kept · sums[i] + added · x[i] for a row of sums. The loop is simple enough for C2 to vectorise it. */
  public static void join(double[] sums, int at, float[] x, int from, int count, double kept, double added) {
    for (int i = 0; i < count; i++) {
      sums[at + i] = sums[at + i] * kept + added * x[from + i];
    }
  }

  /** e<sup>t</sup> for t ≤ {@link #RISE}, with the bits of the formula in {@link VectorExp}: exactly 1 at 0, and 0 at −∞. */
  public static float exp(float t) {
    float clamped = t < VectorExp.LEAST ? VectorExp.LEAST : t;
    float shifted = Math.fma(clamped, VectorExp.LOG2_E, VectorExp.BIASED_MAGIC);
    float fraction = Math.fma(clamped, VectorExp.LOG2_E, VectorExp.BIASED_MAGIC - shifted);
    float power = Float.intBitsToFloat(Float.floatToRawIntBits(shifted) << 23);
    float p = Math.fma(fraction, VectorExp.EXP2_5, VectorExp.EXP2_4);
    p = Math.fma(p, fraction, VectorExp.EXP2_3);
    p = Math.fma(p, fraction, VectorExp.EXP2_2);
    p = Math.fma(p, fraction, VectorExp.EXP2_1);
    return Math.fma(p, fraction, 1) * power;
  }
}
