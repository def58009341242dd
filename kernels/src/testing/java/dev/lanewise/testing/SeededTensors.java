package dev.lanewise.testing;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Tensors that are a function of a seed, their name and their shape, on every machine and in every version of Java: the weights of models
 * whose outputs are kept as golden values. Elements are uniform numbers of 24 bits.
 */
public final class SeededTensors {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private SeededTensors() {}

  /**
   * The elements of a weight. A matrix has a standard deviation of 1 / √inputs, 1.6 times as much if it makes queries or keys, so that some
   * keys get most of the weight. A vector has elements up to 0.35 from its middle, which is 1 for the weight of a norm and 0 for a bias.
   *
   * @param normMiddle the middle of norm weights: 1, or 0 where a model adds 1
   * @param shape outputs × inputs, inputs × outputs for GPT-2's matrices with {@code .c_} in their name, or the length
   */
  public static float[] weight(long seed, String name, double normMiddle, int... shape) {
    boolean matrix = shape.length == 2;
    double middle = !matrix && name.endsWith(".weight") ? normMiddle : 0;
    boolean scores = name.contains("q_proj") || name.contains("k_proj") || name.contains("c_attn");
    double spread = matrix ? Math.sqrt(3.0 / shape[name.contains(".c_") ? 0 : 1]) * (scores ? 1.6 : 1) : 0.35;
    float[] elements = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    long state = seed;
    for (byte letter : name.getBytes(StandardCharsets.US_ASCII)) {
      state = mixed(state * 31 + letter);
    }
    for (int i = 0; i < elements.length; i++) {
      state += GOLDEN;
      double uniform = ((mixed(state) >> 40) + 0.5) / (1 << 23);
      elements[i] = (float) (middle + spread * uniform);
    }
    return elements;
  }

  /** The last step of SplitMix64 (Steele et al., "Fast splittable pseudorandom number generators", 2014). */
  private static long mixed(long z) {
    long once = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long twice = (once ^ (once >>> 27)) * 0x94D049BB133111EBL;
    return twice ^ (twice >>> 31);
  }
}
