package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.StoredBits;

/** Rounds the numbers of an output to a format. */
final class Quantiser {
  /** Below this scale, a scale loses bits and is taken as 0. */
  private static final float SMALLEST = 0x1p-126f;

  private final WeightFormat format;
  private final byte[] codes;
  private final float[] scales;
  private final byte[] zeros;

  /** A quantiser that writes to {@code target}. */
  Quantiser(WeightFormat format, PackedMatrix.CodeRow target) {
    this.format = format;
    this.codes = target.codes();
    this.scales = target.scales();
    this.zeros = target.zeros();
  }

  /** Rounds the numbers of an output; {@code output} is its number, for messages. */
  void quantise(float[] row, int output) {
    int block = block();
    for (int from = 0, which = 0; from < codes.length; from += block, which++) {
      int to = Math.min(from + block, codes.length);
      float least = 0;
      float most = 0;
      for (int i = from; i < to; i++) {
        PackedMatrix.checkFinite(row[i], row[i], output, i, format);
        least = Math.min(least, row[i]);
        most = Math.max(most, row[i]);
      }
      if (format.hasZeroPoints()) {
        withZero(row, from, to, which, least, most);
      } else {
        symmetric(row, from, to, which, Math.max(-least, most));
      }
    }
  }

  private int block() {
    return format == WeightFormat.INT8 ? Math.max(1, codes.length) : WeightFormat.BLOCK;
  }

  private void symmetric(float[] row, int from, int to, int which, float largest) {
    int most = format.largestCode();
    float scale = scale(largest / most);
    scales[which] = scale;
    for (int i = from; i < to; i++) {
      codes[i] = scale == 0 ? 0 : (byte) Math.clamp((long) Math.rint((double) row[i] / scale), -most, most);
    }
  }

  private void withZero(float[] row, int from, int to, int which, float least, float most) {
    float scale = scale((float) (((double) most - least) / 15));
    int zero = scale == 0 ? 0 : Math.clamp((long) Math.rint(-(double) least / scale), 0, 15);
    scales[which] = scale;
    zeros[which] = (byte) zero;
    for (int i = from; i < to; i++) {
      codes[i] = scale == 0 ? (byte) zero : (byte) Math.clamp((long) Math.rint((double) row[i] / scale) + zero, 0, 15);
    }
  }

  private static float scale(float scale) {
    return scale < SMALLEST ? 0 : scale;
  }

  /** The nearest stored half or bfloat16, as its bits. */
  static short half(WeightFormat format, float x, int output, int input) {
    if (format == WeightFormat.BF16) {
      return StoredBits.toBfloat16(x);
    }
    short bits = Float.floatToFloat16(x);
    PackedMatrix.checkFinite(Float.float16ToFloat(bits), x, output, input, format);
    return bits;
  }
}
