package dev.lanewise.kernels.runtime;

/** Conversions of floats to and from fewer bits. */
public final class StoredBits {
  private StoredBits() {}

  /** Whether a half is neither infinite nor NaN. */
  public static boolean isFiniteHalf(short bits) {
    return (bits & 0x7c00) != 0x7c00;
  }

  /** Whether a bfloat16 is neither infinite nor NaN. */
  public static boolean isFiniteBfloat16(short bits) {
    return (bits & 0x7f80) != 0x7f80;
  }

  /** The upper half of a float, rounded to nearest, ties to even. */
  public static short toBfloat16(float x) {
    int bits = Float.floatToRawIntBits(x);
    if (Float.isNaN(x)) {
      return (short) (bits >>> 16 | 0x40); // quiet: its upper bits alone may be those of an infinity
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  /** The float with these upper bits; exact. */
  public static float fromBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds numbers to half precision, or else to bfloat16. */
  public static void round(boolean half, float[] source, short[] target, int to) {
    for (int i = 0; i < source.length; i++) {
      target[to + i] = half ? Float.floatToFloat16(source[i]) : toBfloat16(source[i]);
    }
  }

  /** Converts numbers from half precision, or else from bfloat16. */
  public static void widen(boolean half, short[] source, int from, float[] target, int to, int length) {
    if (half) {
      for (int i = 0; i < length; i++) {
        target[to + i] = Float.float16ToFloat(source[from + i]);
      }
    } else {
      for (int i = 0; i < length; i++) {
        target[to + i] = fromBfloat16(source[from + i]);
      }
    }
  }

  /** The nearest integer from −127 to 127. */
  public static byte toByte(float x) {
    return (byte) Math.clamp(Math.round(x), -127, 127);
  }
}
