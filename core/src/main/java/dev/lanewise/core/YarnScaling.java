package dev.lanewise.core;

import dev.lanewise.kernels.runtime.Checks;

/**
 * YaRN (Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models", 2023; {@code yarn}): pairs that turn often over
 * the original context keep their frequency, those that turn less than once are interpolated, and between them it is a ramp over the pairs'
 * numbers.
 *
 * <pre>
 * pair(n) = d · ln(originalContext / (2π n)) / (2 ln base)     the pair that turns n times, as a fraction
 * low     = max(pair(betaFast), 0)                              rounded down, if truncated
 * high    = min(pair(betaSlow), d − 1)                          rounded up, if truncated
 * ramp(i) = (i − low) / (high − low), within 0 and 1
 * frequency(i) = θ(i) · (1 − ramp(i)) + θ(i) / factor · ramp(i)
 * </pre>
 *
 * @param factor how much longer the context becomes, from 1 on
 * @param originalContext positions the model was trained with
 * @param betaFast turns from which on a pair keeps its frequency
 * @param betaSlow turns up to which a pair is interpolated, below betaFast
 * @param truncated whether the ramp begins and ends at whole pairs
 * @param attentionFactor what queries and keys are multiplied with
 */
public record YarnScaling(double factor, int originalContext, double betaFast, double betaSlow, boolean truncated, double attentionFactor)
    implements RotaryScaling {

  /**
   * Checks each number.
   *
   * @throws IllegalArgumentException if factor is below 1, originalContext below 1, betaFast not above betaSlow, or betaSlow or
   *     attentionFactor not above 0
   */
  public YarnScaling {
    RotaryScalings.checkFactor(factor);
    Checks.atLeast("originalContext", originalContext, 1);
    RotaryScalings.checkAbove("betaSlow", betaSlow, "0", 0);
    RotaryScalings.checkAbove("betaFast", betaFast, "betaSlow " + betaSlow, betaSlow);
    RotaryScalings.checkAbove("attentionFactor", attentionFactor, "0", 0);
  }

  /** With betas 32 and 1, truncated, and an attention factor of 0.1 · ln factor + 1. */
  static YarnScaling of(double factor, int originalContext) {
    RotaryScalings.checkFactor(factor);
    return new YarnScaling(factor, originalContext, 32, 1, true, 0.1 * Math.log(factor) + 1);
  }

  /** With other ends of the ramp, in turns over the original context. */
  public YarnScaling withBetas(double newBetaFast, double newBetaSlow) {
    return new YarnScaling(factor, originalContext, newBetaFast, newBetaSlow, truncated, attentionFactor);
  }

  /** With a ramp that begins and ends between pairs ({@code "truncate": false}). */
  public YarnScaling withoutTruncation() {
    return new YarnScaling(factor, originalContext, betaFast, betaSlow, false, attentionFactor);
  }

  /**
   * With another attention factor. A configuration that has {@code mscale} and {@code mscale_all_dim} means (0.1 · mscale · ln factor + 1)
   * / (0.1 · mscale_all_dim · ln factor + 1).
   */
  public YarnScaling withAttentionFactor(double newAttentionFactor) {
    return new YarnScaling(factor, originalContext, betaFast, betaSlow, truncated, newAttentionFactor);
  }

  @Override
  public double[] frequencies(int rotaryDim, double base) {
    double low = pair(betaFast, rotaryDim, base);
    double high = pair(betaSlow, rotaryDim, base);
    low = Math.max(truncated ? Math.floor(low) : low, 0);
    high = Math.min(truncated ? Math.ceil(high) : high, rotaryDim - 1);
    // Ends that meet make a step.
    double width = high == low ? 0.001 : high - low;
    double[] frequencies = RotaryScalings.standard(rotaryDim, base);
    for (int i = 0; i < frequencies.length; i++) {
      double ramp = Math.clamp((i - low) / width, 0, 1);
      frequencies[i] = frequencies[i] * (1 - ramp) + frequencies[i] / factor * ramp;
    }
    return frequencies;
  }

  /** The pair that turns {@code turns} times over the original context, as a fraction. */
  private double pair(double turns, int rotaryDim, double base) {
    return rotaryDim * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
  }
}
