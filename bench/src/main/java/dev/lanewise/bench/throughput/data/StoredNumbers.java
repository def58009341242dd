package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * The numbers that a cache stores of a row, by the description of {@link KeyValueFormat} and in code of its own. An integer is a rounded
 * quotient. Float code may round a quotient next to a tie to the other side, which is an error of one step.
 */
public final class StoredNumbers {
  private static final int MOST = 127;
  private static final double NEAR_TIE = 1e-4;

  private StoredNumbers() {}

  /** The rows of a head as they are read back. */
  public static Matrix of(Matrix rows, KeyValueFormat format) {
    Matrix stored = Matrix.of(rows.data().clone(), rows.rows(), rows.columns());
    round(format, stored.data(), rows.columns(), rows.rows(), new float[0]);
    return stored;
  }

  /**
   * Replaces rows by what a cache stores of them.
   *
   * @param rows heads × keys × width
   * @param channels the factors by which columns are divided first; empty without such factors
   * @return how far each element may be off because it was rounded next to a tie; null for a format without integers
   */
  public static float @Nullable [] round(KeyValueFormat format, float[] rows, int width, int keys, float[] channels) {
    return switch (format) {
      case F32 -> null;
      case F16 -> {
        for (int n = 0; n < rows.length; n++) {
          rows[n] = Float.float16ToFloat(Float.floatToFloat16(rows[n]));
        }
        yield null;
      }
      case BF16 -> {
        for (int n = 0; n < rows.length; n++) {
          rows[n] = bfloat16(rows[n]);
        }
        yield null;
      }
      case INT8 -> {
        float[] errors = new float[rows.length];
        for (int from = 0; from < rows.length; from += width) {
          integers(rows, from, width, channels, from / width / keys * width, errors);
        }
        yield errors;
      }
    };
  }

  private static void integers(float[] rows, int from, int width, float[] channels, int channel, float[] errors) {
    float max = 0;
    float[] divided = new float[width];
    for (int d = 0; d < width; d++) {
      divided[d] = channels.length == 0 ? rows[from + d] : rows[from + d] / channels[channel + d];
      max = Math.max(max, Math.abs(divided[d]));
    }
    for (int d = 0; d < width; d++) {
      double factor = channels.length == 0 ? 1 : channels[channel + d];
      if (!Float.isFinite(max)) {
        rows[from + d] = Float.NaN;
      } else if (max < MOST * Float.MIN_NORMAL) {
        rows[from + d] = 0;
      } else {
        double steps = divided[d] * (MOST / (double) max);
        double step = (max / MOST) * factor;
        rows[from + d] = (float) (Math.round(divided[d] * (MOST / max)) * step);
        errors[from + d] = Math.abs(Math.abs(steps - Math.rint(steps)) - 0.5) < NEAR_TIE ? (float) step : 0;
      }
    }
  }

  /** The nearest float whose lower half is 0, of two the one with an even upper half. */
  private static float bfloat16(float x) {
    if (!Float.isFinite(x)) {
      return x;
    }
    int bits = Float.floatToRawIntBits(x);
    int lower = bits & 0xffff;
    boolean up = lower > 0x8000 || (lower == 0x8000 && (bits & 0x10000) != 0);
    return Float.intBitsToFloat((bits & 0xffff0000) + (up ? 0x10000 : 0));
  }
}
