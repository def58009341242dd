package dev.lanewise.core.parallel;

import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;

/**
 * Float arrays and one double array for temporary data. A worker holds them during one task or call, and a later task or call reuses them.
 * Their contents are undefined at the start.
 */
public final class Scratch extends ScratchPool.Member {
  private final float[][] arrays;
  private double[] doubles = new double[0];

  private Scratch(int arrays) {
    this.arrays = new float[arrays][0];
  }

  /**
   * Creates a pool that keeps up to {@code capacity} scratches of {@code arrays} arrays each, and at least one for each processor: each
   * thread may compute a call of its own.
   */
  public static ScratchPool<Scratch> pool(int capacity, int arrays) {
    return new ScratchPool<>(Math.max(capacity, Runtime.getRuntime().availableProcessors()), () -> new Scratch(arrays));
  }

  /** Array {@code which}, with at least {@code length} elements. It only grows. */
  public float[] floats(int which, int length) {
    if (arrays[which].length < length) {
      // Grows by half, so that a sequence that grows step by step does not allocate at each step.
      long roomy = arrays[which].length * 3L / 2;
      arrays[which] = new float[Math.clamp(roomy, length, Math.max(length, Integer.MAX_VALUE - 8))];
    }
    return arrays[which];
  }

  /** The double array, with at least {@code length} elements, of which the first {@code length} are 0. */
  public double[] zeros(int length) {
    if (doubles.length < length) {
      doubles = new double[length];
    }
    Arrays.fill(doubles, 0, length, 0);
    return doubles;
  }
}
