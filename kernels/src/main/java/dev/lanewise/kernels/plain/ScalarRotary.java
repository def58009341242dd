package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.data.RotaryTable;

/** The rotation of one row in plain Java; {@link RotaryTable#rowSize} describes the layout of the angles. */
public final class ScalarRotary {
  private ScalarRotary() {}

  /** (y[i], y[i + pairs]) = (x[i], x[i + pairs]), rotated by angle i. */
  public static void half(float[] x, int from, float[] y, int to, float[] angles, int at, int pairs) {
    for (int i = 0; i < pairs; i++) {
      float cosine = angles[at + i];
      float sine = angles[at + pairs + i];
      float left = x[from + i];
      float right = x[from + pairs + i];
      y[to + i] = left * cosine - right * sine;
      y[to + pairs + i] = right * cosine + left * sine;
    }
  }

  /** (y[2i], y[2i + 1]) = (x[2i], x[2i + 1]), rotated by angle i. */
  public static void interleaved(float[] x, int from, float[] y, int to, float[] angles, int at, int pairs) {
    int rotaryDim = 2 * pairs;
    for (int i = 0; i < rotaryDim; i += 2) {
      float cosine = angles[at + i];
      float sine = angles[at + rotaryDim + i + 1];
      float left = x[from + i];
      float right = x[from + i + 1];
      y[to + i] = left * cosine - right * sine;
      y[to + i + 1] = right * cosine + left * sine;
    }
  }
}
