package dev.lanewise.kernels.simd.lanes;

import java.util.Arrays;

/**
 * Sums of more than {@link Tiles#LONG} terms: pieces of {@link Tiles#CHAIN} terms in floats, added up in floats to groups of {@link #SPAN},
 * and groups in double. One chain of 2<sup>20</sup> floats loses up to a tenth of what it adds.
 */
public final class LongSums {
  /** Terms of a group. */
  public static final int SPAN = Tiles.CHAIN * Tiles.CHAIN;

  private double[] sums = new double[0];
  private float[] group = new float[0];

  /** The sums of the group at hand, in floats; as many as were opened. */
  public float[] group() {
    return group;
  }

  /** A sum. */
  public double sum(int index) {
    return sums[index];
  }

  /** Sets so many sums to 0. */
  public void open(int count) {
    if (sums.length < count) {
      sums = new double[count];
      group = new float[count];
    }
    Arrays.fill(sums, 0, count, 0);
  }

  /** Adds the first elements of {@code x} to the sums. */
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
