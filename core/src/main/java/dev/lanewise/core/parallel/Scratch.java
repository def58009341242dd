package dev.lanewise.core.parallel;

import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;

/**
 * A few float arrays, and one of doubles, that one worker holds for the time of one task or call, and that the next one finds again.
 * Contents are left over.
 */
public final class Scratch extends ScratchPool.Member {
  private final float[][] arrays;
  private double[] doubles = new double[0];

  private Scratch(int arrays) {
    this.arrays = new float[arrays][0];
  }

  /** A pool that keeps up to {@code capacity} scratches of {@code arrays} arrays each. */
  public static ScratchPool<Scratch> pool(int capacity, int arrays) {
    return new ScratchPool<>(capacity, () -> new Scratch(arrays));
  }

  /** Array {@code which}, of at least {@code length} elements; it only grows. */
  public float[] floats(int which, int length) {
    if (arrays[which].length < length) {
      // Half as much again, so that sequences that grow step by step do not allocate at each step.
      long roomy = arrays[which].length * 3L / 2;
      arrays[which] = new float[Math.clamp(roomy, length, Math.max(length, Integer.MAX_VALUE - 8))];
    }
    return arrays[which];
  }

  /** An array of {@code length} zeros. */
  public double[] zeros(int length) {
    if (doubles.length < length) {
      doubles = new double[length];
    }
    Arrays.fill(doubles, 0, length, 0);
    return doubles;
  }
}
