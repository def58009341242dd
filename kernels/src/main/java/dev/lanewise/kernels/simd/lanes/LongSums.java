package dev.lanewise.kernels.simd.lanes;

import java.util.Arrays;

/**
 * Sums of more than {@link Tiles#LONG} terms. Chains of {@link Tiles#CHAIN} terms are summed in floats, chains are added in floats to spans
 * of {@link #SPAN} terms, and spans are added in double. A single chain of 2<sup>20</sup> floats loses up to a tenth of its sum.
 */
public final class LongSums {
  /** Number of terms of a span. */
  public static final int SPAN = Tiles.CHAIN * Tiles.CHAIN;

  private double[] sums = new double[0];
  private float[] span = new float[0];

  /** The float sums of the current span, as many as were opened. */
  public float[] span() {
    return span;
  }

  /** A sum. */
  public double sum(int index) {
    return sums[index];
  }

  /** Sets so many sums to 0. */
  public void open(int count) {
    if (sums.length < count) {
      sums = new double[count];
      span = new float[count];
    }
    Arrays.fill(sums, 0, count, 0);
  }

  /** Adds the first {@code count} elements of {@code x} to the sums. */
  public void add(float[] x, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += x[i];
    }
  }

  /** Writes the sums. */
  public void store(float[] x, int count) {
    for (int i = 0; i < count; i++) {
      x[i] = (float) sums[i];
    }
  }
}
