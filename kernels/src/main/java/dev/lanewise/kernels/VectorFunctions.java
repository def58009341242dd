package dev.lanewise.kernels;

import static jdk.incubator.vector.FloatVector.broadcast;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * tanh, the logistic sigmoid and erf of one vector. All keep NaN and have their limits at ±∞. The odd ones work on |x| and are odd to the
 * last bit, −0 included. Short enough for C2 to inline one in a loop; two in one iteration would pass its limit.
 */
final class VectorFunctions {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;

  /** 1.5 · 2<sup>23</sup> and the exponent's bias, as in {@link VectorExp}: the low bits of a sum are the biased exponent. */
  private static final float BIASED_MAGIC = 0x1.8p23f + 127;

  private VectorFunctions() {}

  /**
   * tanh x within 3 ULP, never beyond ±1: with t = 1 − e<sup>−2|x|</sup>, which keeps its relative accuracy near 0, tanh |x| = t / (2 − t).
   */
  static FloatVector tanh(FloatVector x) {
    FloatVector z = x.abs();
    z = z.blend(10f, z.compare(VectorOperators.GT, 10f)); // tanh rounds to 1 from 9.02 on
    FloatVector t = oneMinusExp(z.add(z));
    return withSignOf(x, t.div(broadcast(SPECIES, 2f).sub(t)));
  }

  /** Up to here {@link #smallTanh} holds. */
  static final float SMALL = 0.6f;

  // its polynomial: the coefficients of x^3, x^5 and so on
  static final float TANH_3 = -0.333333f;
  static final float TANH_5 = 0.13331924f;
  static final float TANH_7 = -0.05378383f;
  static final float TANH_9 = 0.020795971f;
  static final float TANH_11 = -0.0058951583f;

  /** tanh x for |x| ≤ {@link #SMALL} within 1 ULP: x + x³ · p(x²), p fitted as in {@link #erf}; its relative error is 2.8e-9. */
  static FloatVector smallTanh(FloatVector x) {
    FloatVector z = x.mul(x);
    FloatVector p = z.fma(broadcast(SPECIES, TANH_11), broadcast(SPECIES, TANH_9));
    p = p.fma(z, broadcast(SPECIES, TANH_7));
    p = p.fma(z, broadcast(SPECIES, TANH_5));
    p = p.fma(z, broadcast(SPECIES, TANH_3));
    return p.mul(z).fma(x, x);
  }

  /** 1 / (1 + e<sup>−x</sup>) within 3 ULP where the result is normal; 0 below −88.73, where the exponential overflows. */
  static FloatVector sigmoid(FloatVector x) {
    return broadcast(SPECIES, 1f).div(VectorExp.exp(x.neg()).add(1f));
  }

  /**
   * erf x within 4 ULP, never beyond ±1: 1 − e<sup>−h(|x|)</sup> with h(z) = −ln(1 − erf z), which is nearly quadratic. h(z)/z is a
   * polynomial, fitted (reweighted least squares on Chebyshev nodes of [0, 3.95]) so that the relative error it leaves in erf is at most
   * 3.6e-8.
   */
  static FloatVector erf(FloatVector x) {
    FloatVector z = x.abs();
    z = z.blend(3.95f, z.compare(VectorOperators.GT, 3.95f)); // erf rounds to 1 from 3.92 on
    FloatVector p = z.fma(broadcast(SPECIES, 4.0696897e-05f), broadcast(SPECIES, -0.0003808946f));
    p = p.fma(z, broadcast(SPECIES, 0.001251374f));
    p = p.fma(z, broadcast(SPECIES, 0.00020633508f));
    p = p.fma(z, broadcast(SPECIES, -0.01932223f));
    p = p.fma(z, broadcast(SPECIES, 0.102814615f));
    p = p.fma(z, broadcast(SPECIES, 0.63661647f));
    p = p.fma(z, broadcast(SPECIES, 1.1283792f));
    return withSignOf(x, oneMinusExp(p.mul(z)));
  }

  /**
   * 1 − e<sup>−y</sup> for 0 ≤ y ≤ 60. With y = n ln 2 + r it is 1 − 2<sup>−n</sup> + 2<sup>−n</sup> (1 − e<sup>−r</sup>), and (1 −
   * e<sup>−r</sup>)/r a polynomial of degree 5 in r, fitted as in {@link VectorExp}; its relative error is 1.3e-8.
   */
  private static FloatVector oneMinusExp(FloatVector y) {
    FloatVector shifted = y.fma(broadcast(SPECIES, -VectorExp.LOG2_E), broadcast(SPECIES, BIASED_MAGIC));
    FloatVector r = shifted.sub(BIASED_MAGIC).fma(broadcast(SPECIES, 0.6931472f), y);
    FloatVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    FloatVector p = r.fma(broadcast(SPECIES, -0.0013883285f), broadcast(SPECIES, 0.008366571f));
    p = p.fma(r, broadcast(SPECIES, -0.04166719f));
    p = p.fma(r, broadcast(SPECIES, 0.16666543f));
    p = p.fma(r, broadcast(SPECIES, -0.49999997f));
    p = p.fma(r, broadcast(SPECIES, 1f));
    return p.mul(r).fma(power, broadcast(SPECIES, 1f).sub(power));
  }

  private static FloatVector withSignOf(FloatVector x, FloatVector magnitude) {
    var sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
    return magnitude.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }
}
