package dev.lanewise.core.position;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;

/**
 * Rows of sines and cosines. The table grows to the largest position that has been used, up to a limit; rows beyond the limit are computed
 * at each call.
 */
final class SinusoidalTable implements InputPositions.PositionTable {
  /** Largest size of the table, in elements: 64 MB. */
  private static final int KEPT = 1 << 24;

  private final int embedDim;
  private final double base;
  private final double[] frequencies;

  /** Number of positions that the table may hold. */
  private final int limit;

  /** Rows of the positions from 0 on. Never modified, only replaced by a longer copy. */
  private volatile float[] table = {};

  SinusoidalTable(int embedDim, double base) {
    Checks.atLeast("embedDim", embedDim, 1);
    RotaryScalings.checkAbove("base", base, "1", 1);
    this.embedDim = embedDim;
    this.base = base;
    this.frequencies = new double[Math.ceilDiv(embedDim, 2)];
    Arrays.setAll(frequencies, i -> Math.pow(base, -2.0 * i / embedDim));
    this.limit = KEPT / embedDim;
  }

  @Override
  public String bound() {
    return "the last position is " + last();
  }

  @Override
  public int last() {
    return Integer.MAX_VALUE;
  }

  @Override
  public void add(int position, int count, float[] x, int offset, int stride) {
    int kept = Math.clamp((long) limit - position, 0, count);
    if (kept > 0) {
      addKept(rows(position + kept), position, kept, x, offset, stride);
    }
    for (int row = kept; row < count; row++) {
      for (int i = 0; i < embedDim; i++) {
        x[offset + row * stride + i] += element(position + row, i);
      }
    }
  }

  private void addKept(float[] rows, int position, int count, float[] x, int offset, int stride) {
    for (int row = 0; row < count; row++) {
      int from = (position + row) * embedDim;
      int to = offset + row * stride;
      for (int i = 0; i < embedDim; i++) {
        x[to + i] += rows[from + i];
      }
    }
  }

  /** Returns a table of at least {@code count} positions. */
  private float[] rows(int count) {
    float[] rows = table;
    return rows.length >= count * embedDim ? rows : grow(count);
  }

  private synchronized float[] grow(int count) {
    float[] present = table;
    if (present.length >= count * embedDim) {
      return present;
    }
    // Doubles the table, so that single steps do not copy it each time.
    int positions = Math.clamp(2L * (present.length / embedDim), Math.max(count, Math.min(64, limit)), limit);
    float[] rows = Arrays.copyOf(present, positions * embedDim);
    for (int i = present.length; i < rows.length; i++) {
      rows[i] = element(i / embedDim, i % embedDim);
    }
    table = rows;
    return rows;
  }

  private float element(int position, int column) {
    double angle = position * frequencies[column / 2];
    return (float) (column % 2 == 0 ? Math.sin(angle) : Math.cos(angle));
  }

  @Override
  public String toString() {
    return "sinusoidal(" + embedDim + ", base " + base + ")";
  }
}
