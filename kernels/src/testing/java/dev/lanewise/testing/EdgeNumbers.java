package dev.lanewise.testing;

/** The table of arguments at the edges of float, which every copy of a formula is compared on. */
public final class EdgeNumbers {
  private static final float[] ALL = {
    0f,
    -0f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    1e-39f,
    -1e-39f,
    1e-38f,
    -1e-38f,
    Float.MIN_NORMAL,
    -Float.MIN_NORMAL,
    1e-20f,
    -1e-20f,
    0.5f,
    -0.5f,
    1,
    -1,
    3e38f,
    -3e38f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN
  };

  private EdgeNumbers() {}

  /** Floats at the edges of the format, of both signs, and some usual ones. */
  public static float[] all() {
    return ALL.clone();
  }
}
