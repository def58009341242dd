package dev.lanewise.kernels.simd.lanes;

import static jdk.incubator.vector.FloatVector.broadcast;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * tanh of one vector. It returns NaN for NaN and the limits at ±∞. It is computed from |x|, so that it is odd to the last bit, −0 included.
 * C2 inlines one call in a loop; two in one iteration would exceed its limit.
 */
public final class VectorFunctions {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;

  /** Replaces any larger argument: tanh rounds to 1 from 9.02 on. */
  public static final float TANH_ONE = 10;

  public static final float LN2 = 0.6931472f;

  // (1 − e^−r)/r, from r^1 on: a polynomial of degree 5, fitted as in VectorExp; its relative error is 1.3e-8
  public static final float EXPM1_2 = -0.49999997f;
  public static final float EXPM1_3 = 0.16666543f;
  public static final float EXPM1_4 = -0.04166719f;
  public static final float EXPM1_5 = 0.008366571f;
  public static final float EXPM1_6 = -0.0013883285f;

  private VectorFunctions() {}

  /**
   * tanh x within 3 ULP, never beyond ±1: with t = 1 − e<sup>−2|x|</sup>, which keeps its relative accuracy near 0, tanh |x| = t / (2 − t).
   * With 2|x| = n ln 2 + r, t is 1 − 2<sup>−n</sup> + 2<sup>−n</sup> (1 − e<sup>−r</sup>).
   */
  public static FloatVector tanh(FloatVector x) {
    FloatVector z = x.abs();
    z = z.blend(TANH_ONE, z.compare(VectorOperators.GT, TANH_ONE));
    FloatVector y = z.add(z);
    FloatVector shifted = y.fma(broadcast(SPECIES, -VectorExp.LOG2_E), broadcast(SPECIES, VectorExp.BIASED_MAGIC));
    FloatVector r = shifted.sub(VectorExp.BIASED_MAGIC).fma(broadcast(SPECIES, LN2), y);
    FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    FloatVector p = r.fma(broadcast(SPECIES, EXPM1_6), broadcast(SPECIES, EXPM1_5));
    p = p.fma(r, broadcast(SPECIES, EXPM1_4));
    p = p.fma(r, broadcast(SPECIES, EXPM1_3));
    p = p.fma(r, broadcast(SPECIES, EXPM1_2));
    p = p.fma(r, broadcast(SPECIES, 1f));
    FloatVector t = p.mul(r).fma(power, broadcast(SPECIES, 1f).sub(power));
    FloatVector magnitude = t.div(broadcast(SPECIES, 2f).sub(t));
    var sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
    return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }

  /** The largest |x| of {@link #tanhCorrection}. */
  public static final float SMALL = 0.6f;

  // the polynomial of tanhCorrection: the coefficients of x^3, x^5 and so on
  public static final float TANH_3 = -0.333333f;
  public static final float TANH_5 = 0.13331924f;
  public static final float TANH_7 = -0.05378383f;
  public static final float TANH_9 = 0.020795971f;
  public static final float TANH_11 = -0.0058951583f;

  /**
   * tanh x / x − 1 for |x| ≤ {@link #SMALL}: x² · p(x²), p fitted as in {@link VectorExp}. The result times x, added to x, is tanh x within
   * 1 ULP.
   */
  public static FloatVector tanhCorrection(FloatVector x) {
    FloatVector z = x.mul(x);
    FloatVector p = z.fma(broadcast(SPECIES, TANH_11), broadcast(SPECIES, TANH_9));
    p = p.fma(z, broadcast(SPECIES, TANH_7));
    p = p.fma(z, broadcast(SPECIES, TANH_5));
    p = p.fma(z, broadcast(SPECIES, TANH_3));
    return p.mul(z);
  }
}
