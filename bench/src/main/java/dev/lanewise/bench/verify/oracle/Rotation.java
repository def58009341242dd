package dev.lanewise.bench.verify.oracle;

import java.util.Arrays;

/**
 * Rotary positions by their formula in double: each pair of elements is rotated by position · 10000<sup>−2 pair / width</sup>.
 *
 * @param width the number of elements that are rotated, from the first one on
 * @param interleaved whether a pair is two neighbours, rather than an element of each half
 */
public record Rotation(int width, boolean interleaved) {
  private static final double BASE = 10_000;

  /** The other element of a pair. */
  public int partner(int column) {
    return interleaved ? column ^ 1 : (column + width / 2) % width;
  }

  /** Rotates the row that begins at {@code from}. */
  public void apply(float[] rows, int from, int position) {
    float[] x = Arrays.copyOfRange(rows, from, from + width);
    for (int pair = 0; pair < width / 2; pair++) {
      int left = interleaved ? 2 * pair : pair;
      int right = partner(left);
      double angle = position * Math.pow(BASE, -2.0 * pair / width);
      rows[from + left] = (float) (x[left] * Math.cos(angle) - x[right] * Math.sin(angle));
      rows[from + right] = (float) (x[right] * Math.cos(angle) + x[left] * Math.sin(angle));
    }
  }
}
