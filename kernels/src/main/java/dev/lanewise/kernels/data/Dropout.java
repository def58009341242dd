package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Philox;

/**
 * Dropout of attention weights ("Attention Is All You Need", Vaswani et al., 2017, section 5.4): each weight becomes 0 with probability
 * {@code rate} and is multiplied by 1 / (1 − rate) otherwise. Whether a weight is kept depends on the seed, the number of the call, the
 * batch entry, the query head, the query and the key only ({@link Philox}), so every path, any tiles and any threads drop the same weights,
 * and a backward pass drops them again.
 *
 * <p>The generator gives each weight 16 bits: the rate is rounded to a multiple of 2<sup>−16</sup>, and the factor is that of the rounded
 * rate, so that the mean of a weight does not change.
 *
 * <pre>{@code
 * attention.withDropout(0.1f, seed, step * layers + layer).compute(query, key, value, output);
 * }</pre>
 *
 * @param rate probability that a weight becomes 0, at least 0 and below 1
 * @param seed the seed of a run
 * @param call the number of the call in the run, such as step · layers + layer
 */
public record Dropout(float rate, long seed, long call) {
  /**
   * Number of consecutive keys whose bits come from one counter. The bits of key 8n + i are half i % 2 (the low half first) of word i / 2.
   *
   * @hidden
   */
  public static final int KEYS = 8;

  private static final int STEPS = 1 << 16;

  /**
   * Checks the rate.
   *
   * @throws IllegalArgumentException if the rate is negative, or not below 1
   */
  public Dropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("rate is " + rate + ", must be at least 0 and below 1");
    }
  }

  /**
   * A weight whose 16 bits, as an unsigned number, are below this becomes 0.
   *
   * @hidden
   */
  public int threshold() {
    return Math.min(Math.round(rate * STEPS), STEPS - 1);
  }

  /** The factor of a weight that is kept. */
  public float factor() {
    return (float) STEPS / (STEPS - threshold());
  }

  /**
   * The first word of the generator's key.
   *
   * @hidden
   */
  public int key0() {
    return (int) seed;
  }

  /**
   * The second word of the generator's key.
   *
   * @hidden
   */
  public int key1() {
    return (int) (seed >>> Integer.SIZE) ^ (int) (call >>> Integer.SIZE);
  }

  /**
   * Writes the factors of the weights of {@code count} keys of a query from {@code key} on: 0 or {@link #factor}.
   *
   * @param head batch entry · queryHeads + query head
   * @param words scratch of four elements
   * @param factors written from {@code at} on
   * @hidden
   */
  public void factors(int head, int query, int key, int count, int[] words, float[] factors, int at) {
    int threshold = threshold();
    float kept = factor();
    for (int i = 0; i < count; i++) {
      int place = (key + i) % KEYS;
      if (i == 0 || place == 0) {
        Philox.words((key + i) / KEYS, query, head, (int) call, key0(), key1(), words, 0);
      }
      int bits = words[place / 2] >>> (place % 2 * Short.SIZE) & (STEPS - 1);
      factors[at + i] = bits < threshold ? 0 : kept;
    }
  }
}
