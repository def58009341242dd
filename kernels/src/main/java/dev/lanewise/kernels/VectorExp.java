package dev.lanewise.kernels;

import static jdk.incubator.vector.FloatVector.broadcast;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Exponentials. Both round the argument to a whole power of two by adding a magic number (1.5 · 2<sup>23</sup>: the sum has no room for a
 * fraction) and evaluate a minimax polynomial on what is left, in [−½, ½] powers of two. Coefficients: our own fit (iteratively reweighted
 * least squares on Chebyshev nodes, constant term fixed to 1 so that the exponential of 0 is exactly 1).
 */
final class VectorExp {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;

  static final float LOG2_E = 1.442695f;

  private static final float MAGIC = 0x1.8p23f;

  /** With the exponent's bias folded in, the low bits of the sum are the biased exponent. */
  static final float BIASED_MAGIC = MAGIC + 127;

  // the polynomial of degree 5 for 2^t
  static final float EXP2_1 = 0.693147f;
  static final float EXP2_2 = 0.24022242f;
  static final float EXP2_3 = 0.055507336f;
  static final float EXP2_4 = 0.009671513f;
  static final float EXP2_5 = 0.0013264726f;

  // ln 2 in two parts; the first has few enough bits that its product with an exponent is exact
  private static final float LN2_HIGH = 0.6933594f;
  private static final float LN2_LOW = -0.00021219444f;

  private VectorExp() {}

  /**
   * 2<sup>t</sup> for t ≤ 0 within about 1.5 ULP: exactly 1 at 0, exactly 0 below −126.5 and at −∞; NaN stays NaN. Relative error of the
   * degree 5 polynomial: 9.1e-8.
   */
  static FloatVector exp2NotPositive(FloatVector t) {
    FloatVector clamped = t.blend(-127f, t.compare(VectorOperators.LT, -127f));
    FloatVector shifted = clamped.add(BIASED_MAGIC);
    FloatVector fraction = clamped.sub(shifted.sub(BIASED_MAGIC));
    FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    FloatVector p = fraction.fma(broadcast(SPECIES, EXP2_5), broadcast(SPECIES, EXP2_4));
    p = p.fma(fraction, broadcast(SPECIES, EXP2_3));
    p = p.fma(fraction, broadcast(SPECIES, EXP2_2));
    p = p.fma(fraction, broadcast(SPECIES, EXP2_1));
    p = p.fma(fraction, broadcast(SPECIES, 1f));
    return p.mul(power);
  }

  /** e<sup>x</sup> over the whole range, denormal results included; relative error of the degree 6 polynomial: 2e-9. */
  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.blend(-104f, x.compare(VectorOperators.LT, -104f));
    clamped = clamped.blend(89f, clamped.compare(VectorOperators.GT, 89f));
    FloatVector shifted = clamped.fma(broadcast(SPECIES, LOG2_E), broadcast(SPECIES, MAGIC));
    FloatVector exponent = shifted.sub(MAGIC);
    FloatVector r = exponent.fma(broadcast(SPECIES, -LN2_HIGH), clamped);
    r = exponent.fma(broadcast(SPECIES, -LN2_LOW), r);
    FloatVector p = r.fma(broadcast(SPECIES, 0.0013843644f), broadcast(SPECIES, 0.008374164f));
    p = p.fma(r, broadcast(SPECIES, 0.041668f));
    p = p.fma(r, broadcast(SPECIES, 0.16666432f));
    p = p.fma(r, broadcast(SPECIES, 0.49999994f));
    p = p.fma(r, broadcast(SPECIES, 1f));
    p = p.fma(r, broadcast(SPECIES, 1f));
    // 2^exponent in two halves: one alone would leave the range of normal floats at either end
    var whole = shifted.reinterpretAsInts().sub(Float.floatToRawIntBits(MAGIC));
    var half = whole.lanewise(VectorOperators.ASHR, 1);
    return p.mul(powerOfTwo(half)).mul(powerOfTwo(whole.sub(half)));
  }

  private static FloatVector powerOfTwo(jdk.incubator.vector.IntVector exponent) {
    return exponent.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
  }
}
