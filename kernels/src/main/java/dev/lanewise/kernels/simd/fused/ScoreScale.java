package dev.lanewise.kernels.simd.fused;

/**
 * The factor of scores in two parts. Queries, or keys, are multiplied with as much of it as takes none of them out of the range of floats,
 * for nothing in the same pass that packs them; the products with the rest, which is 1 for the factors in use.
 */
public final class ScoreScale {
  private static final float LEAST = 0x1p-32f;

  private ScoreScale() {}

  /** What operands are multiplied with. */
  public static float before(float scale) {
    float size = Math.abs(scale);
    if (size == 0 || (size >= LEAST && size <= 1)) {
      return scale;
    }
    return size > 1 ? 1 : LEAST;
  }

  /** What scores are multiplied with after that. */
  public static float after(float scale) {
    return scale == 0 ? 1 : scale / before(scale);
  }
}
