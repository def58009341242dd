package dev.lanewise.kernels.simd.lanes;

/**
 * The constants and the formulas of the exponentials. Each loop that needs an exponential repeats the formula, because C2 keeps a vector in
 * a register across the JDK's methods only.
 *
 * <p>Both forms round the argument to an integral power of two by adding a magic number (1.5 · 2<sup>23</sup>: the sum has no fraction
 * bits) and evaluate a minimax polynomial on the remainder, in [−½, ½] powers of two. The coefficients are our own fit (iteratively
 * reweighted least squares on Chebyshev nodes, constant term fixed to 1 so that the exponential of 0 is exactly 1).
 *
 * <pre>
 * 2^t for t ≤ 0, bounded at −127      shifted  = t + BIASED_MAGIC
 *                                     fraction = t − (shifted − BIASED_MAGIC)
 *                                     power    = shifted as an int &lt;&lt; 23
 *                                     1 + fraction · (EXP2_1 + … + EXP2_5 · fraction⁴), times power
 * </pre>
 *
 * within about 1.5 ULP, exactly 1 at 0, exactly 0 below −126.5; NaN stays NaN. The relative error of this polynomial is 9.1e-8.
 * e<sup>x</sup> over the whole range takes the other polynomial (2e-9) on r = x − exponent · ln 2.
 */
public final class VectorExp {
  public static final float LOG2_E = 1.442695f;

  /** −127 · ln 2: below, e<sup>t</sup> by 2<sup>t · log2 e</sup> is 0. */
  public static final float LEAST = -88.03f;

  public static final float MAGIC = 0x1.8p23f;

  /** With the exponent's bias folded in, the low bits of the sum are the biased exponent. */
  public static final float BIASED_MAGIC = MAGIC + 127;

  // the polynomial of degree 5 for 2^t
  public static final float EXP2_1 = 0.693147f;
  public static final float EXP2_2 = 0.24022242f;
  public static final float EXP2_3 = 0.055507336f;
  public static final float EXP2_4 = 0.009671513f;
  public static final float EXP2_5 = 0.0013264726f;

  // the polynomial of degree 6 for e^r; the coefficients of r^0 and r^1 are 1
  public static final float EXP_2 = 0.49999994f;
  public static final float EXP_3 = 0.16666432f;
  public static final float EXP_4 = 0.041668f;
  public static final float EXP_5 = 0.008374164f;
  public static final float EXP_6 = 0.0013843644f;

  // ln 2 in two parts; the first has few enough bits that its product with an exponent is exact
  public static final float LN2_HIGH = 0.6933594f;
  public static final float LN2_LOW = -0.00021219444f;

  private VectorExp() {}
}
