package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The function that turns scores into weights. A query does not see a key whose score is −∞, whether a mask, a bias or a function made it
 * −∞. Every normaliser gives such a key weight 0 and does not count it. A query that sees no key gets output 0.
 *
 * <pre>{@code
 * attention.withNormaliser(Normaliser.softmaxWithSinks(sinks)).compute(query, key, value, output);
 * }</pre>
 */
public final class Normaliser {
  private static final Normaliser SOFTMAX = new Normaliser(Kind.SOFTMAX, false, null);

  private final Kind kind;
  private final boolean averages;
  private final float @Nullable [] sinks;

  /** The formula. */
  public enum Kind {
    /** e<sup>score</sup> / Σ e<sup>score</sup>; the sum includes the sinks, if there are any. */
    SOFTMAX,
    /** max(score, 0). */
    RELU,
    /** max(score, 0)². */
    SQUARED_RELU,
    /** 1 / (1 + e<sup>−score</sup>). */
    SIGMOID,
    /** The score itself. */
    LINEAR
  }

  private Normaliser(Kind kind, boolean averages, float @Nullable [] sinks) {
    this.kind = kind;
    this.averages = averages;
    this.sinks = sinks;
  }

  /** weight = e<sup>score</sup> / Σ e<sup>score</sup>. */
  public static Normaliser softmax() {
    return SOFTMAX;
  }

  /**
   * Softmax with one learned logit for each query head, which is part of the sum but has no value ("Efficient Streaming Language Models
   * with Attention Sinks", Xiao et al., 2023; as in gpt-oss): weight = e<sup>score</sup> / (e<sup>sink</sup> + Σ e<sup>score</sup>). The
   * log-sum-exp of a row includes it, and equals the sink for a query that sees no key.
   *
   * <p>If keys are split into parts that are merged by their log-sum-exps, give the sinks to one part only and {@link #softmax} to the
   * others, because a merge adds the sums of all parts, sinks included.
   *
   * @param sinks one logit for each query head; copied
   * @throws IllegalArgumentException if one is NaN or +∞
   */
  public static Normaliser softmaxWithSinks(float... sinks) {
    float[] copied = Objects.requireNonNull(sinks, "sinks").clone();
    for (int head = 0; head < copied.length; head++) {
      if (!(copied[head] < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("sinks[" + head + "] is " + copied[head] + ", must be finite, or −∞ for none");
      }
    }
    return new Normaliser(Kind.SOFTMAX, false, copied);
  }

  /** weight = max(score, 0): "A Study on ReLU and Softmax in Transformer" (Shen et al., 2023). */
  public static Normaliser relu() {
    return new Normaliser(Kind.RELU, false, null);
  }

  /** weight = max(score, 0)²: "Primer" (So et al., 2021). */
  public static Normaliser squaredRelu() {
    return new Normaliser(Kind.SQUARED_RELU, false, null);
  }

  /** weight = 1 / (1 + e<sup>−score</sup>): "Theory, Analysis, and Best Practices for Sigmoid Self-Attention" (Ramapuram et al., 2024). */
  public static Normaliser sigmoid() {
    return new Normaliser(Kind.SIGMOID, false, null);
  }

  /** weight = score: linear attention in its quadratic form. */
  public static Normaliser linear() {
    return new Normaliser(Kind.LINEAR, false, null);
  }

  /**
   * This normaliser with each weight divided by the number of keys that the query sees ("Replacing softmax with ReLU in Vision
   * Transformers", Wortsman et al., 2023).
   *
   * @throws IllegalStateException for softmax, which has a divisor of its own
   */
  public Normaliser dividedByKeys() {
    if (kind == Kind.SOFTMAX) {
      throw new IllegalStateException("softmax divides by its own sum, not by the number of keys");
    }
    return new Normaliser(kind, true, null);
  }

  /** The formula, before a division by the number of keys. */
  public Kind kind() {
    return kind;
  }

  /** Whether weights are divided by the number of keys that their query sees. */
  public boolean averages() {
    return averages;
  }

  /** Whether there are sinks, one for each query head. */
  public boolean hasSinks() {
    return sinks != null;
  }

  /** The sink of a query head, or −∞, which adds nothing, if there are no sinks. */
  public float sink(int queryHead) {
    return sinks == null ? Float.NEGATIVE_INFINITY : sinks[queryHead];
  }

  /** Whether rows have a log-sum-exp. */
  public boolean hasLogSumExp() {
    return kind == Kind.SOFTMAX;
  }

  /**
   * Checks that there is a sink for each query head, or none at all.
   *
   * @hidden
   */
  public void check(int queryHeads) {
    if (sinks != null) {
      Checks.same("sinks.length", sinks.length, "query.heads", queryHeads);
    }
  }
}
