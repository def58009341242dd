package dev.lanewise.kernels.simd.fused;

/**
 * The scale of scores in two factors. The first multiplies queries or keys while they are packed, at no cost, and is chosen so that none of
 * them overflows or underflows. The second multiplies the products; it is 1 for usual scales.
 */
public final class ScoreScale {
  private static final float LEAST = 0x1p-32f;

  private ScoreScale() {}

  /** The factor of the operands. */
  public static float before(float scale) {
    float size = Math.abs(scale);
    if (size == 0 || (size >= LEAST && size <= 1)) {
      return scale;
    }
    return size > 1 ? 1 : LEAST;
  }

  /** The factor of the products. */
  public static float after(float scale) {
    return scale == 0 ? 1 : scale / before(scale);
  }
}
