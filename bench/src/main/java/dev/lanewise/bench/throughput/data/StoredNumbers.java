package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;

/**
 * What a cache makes of finite rows, after the description of {@link KeyValueFormat} and in code of its own: an error measured against
 * these numbers is that of the arithmetic, and a cache that stored others would show in it.
 */
public final class StoredNumbers {
  private static final int BFLOAT16_DROPPED = 16;
  private static final int INT8_MOST = 127;

  private StoredNumbers() {}

  /** The rows as they are read back; the same matrix for f32. */
  public static Matrix of(Matrix rows, KeyValueFormat format) {
    if (format == KeyValueFormat.F32) {
      return rows;
    }
    Matrix stored = Matrix.zeros(rows.rows(), rows.columns());
    for (int i = 0; i < rows.rows(); i++) {
      float max = format == KeyValueFormat.INT8 ? largest(rows, i) : 0;
      for (int d = 0; d < rows.columns(); d++) {
        float x = rows.get(i, d);
        stored.data()[stored.index(i, d)] =
            switch (format) {
              case F32 -> x;
              case F16 -> Float.float16ToFloat(Float.floatToFloat16(x));
              case BF16 -> bfloat16(x);
              case INT8 -> max < INT8_MOST * Float.MIN_NORMAL ? 0 : Math.round(x * (INT8_MOST / max)) * (max / INT8_MOST);
            };
      }
    }
    return stored;
  }

  private static float largest(Matrix rows, int i) {
    float max = 0;
    for (int d = 0; d < rows.columns(); d++) {
      max = Math.max(max, Math.abs(rows.get(i, d)));
    }
    return max;
  }

  /** The nearest float whose lower half is 0, of two the one with an even upper half. */
  private static float bfloat16(float x) {
    int bits = Float.floatToRawIntBits(x);
    int upper = bits >> BFLOAT16_DROPPED;
    int lower = bits & 0xffff;
    boolean up = lower > 0x8000 || (lower == 0x8000 && (upper & 1) == 1);
    return Float.intBitsToFloat((up ? upper + 1 : upper) << BFLOAT16_DROPPED);
  }
}
