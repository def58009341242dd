package dev.lanewise.core.testing;

import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.RotaryTable;

/** Rotary rotation of one row in double, from the formula of the paper. */
public final class PlainRotation {
  private PlainRotation() {}

  /** Elements {@code from} to {@code from + width} of a row, rotated back by the angles of {@code distance} positions. */
  public static double[] back(float[] x, int from, int width, RotaryTable.Form form, double[] frequencies, int distance) {
    double[] y = new double[width];
    for (int d = 0; d < width; d++) {
      y[d] = x[from + d];
    }
    for (int pair = 0; pair < frequencies.length; pair++) {
      int left = form == RotaryTable.Form.HALF ? pair : 2 * pair;
      int right = form == RotaryTable.Form.HALF ? pair + frequencies.length : 2 * pair + 1;
      double angle = -distance * frequencies[pair];
      double a = y[left];
      double b = y[right];
      y[left] = a * Math.cos(angle) - b * Math.sin(angle);
      y[right] = b * Math.cos(angle) + a * Math.sin(angle);
    }
    return y;
  }

  /** The largest error of an element after it was stored in a format: its rounding, and that of the rotation in float. */
  public static double tolerance(KeyValueFormat format, double[] head, float[] channels, int channel, int d) {
    double largest = 0;
    double scaled = 0;
    for (int i = 0; i < head.length; i++) {
      largest = Math.max(largest, Math.abs(head[i]));
      scaled = Math.max(scaled, Math.abs(head[i]) / (channels == null ? 1 : channels[channel + i]));
    }
    double rounding =
        switch (format) {
          case F32 -> 0;
          case F16 -> Math.abs(head[d]) * 0x1p-11 + 0x1p-25;
          case BF16 -> Math.abs(head[d]) * 0x1p-8;
          case INT8 -> scaled / 127 / 2 * (channels == null ? 1 : channels[channel + d]);
        };
    return rounding * 1.0001 + 4e-7 * largest;
  }
}
