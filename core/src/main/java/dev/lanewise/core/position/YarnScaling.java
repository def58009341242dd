package dev.lanewise.core.position;

import dev.lanewise.kernels.runtime.Checks;

/** YaRN, see {@link RotaryScaling#yarn(double, int, double, double, boolean, double)}. */
record YarnScaling(double factor, int originalContext, double betaFast, double betaSlow, boolean truncated, double attentionFactor)
    implements RotaryScaling {

  /**
   * Checks each number.
   *
   * @throws IllegalArgumentException if factor is below 1, originalContext below 1, betaFast not above betaSlow, or betaSlow or
   *     attentionFactor not above 0
   */
  YarnScaling {
    RotaryScalings.checkFactor(factor);
    Checks.atLeast("originalContext", originalContext, 1);
    RotaryScalings.checkAbove("betaSlow", betaSlow, "0", 0);
    RotaryScalings.checkAbove("betaFast", betaFast, "betaSlow " + betaSlow, betaSlow);
    RotaryScalings.checkAbove("attentionFactor", attentionFactor, "0", 0);
  }

  /** Returns YaRN with betas 32 and 1, truncated, and an attention factor of 0.1 · ln factor + 1. */
  static YarnScaling of(double factor, int originalContext) {
    RotaryScalings.checkFactor(factor);
    return new YarnScaling(factor, originalContext, 32, 1, true, 0.1 * Math.log(factor) + 1);
  }

  @Override
  public double[] frequencies(int rotaryDim, double base) {
    double low = pair(betaFast, rotaryDim, base);
    double high = pair(betaSlow, rotaryDim, base);
    low = Math.max(truncated ? Math.floor(low) : low, 0);
    high = Math.min(truncated ? Math.ceil(high) : high, rotaryDim - 1);
    // A ramp without width becomes a step.
    double width = high == low ? 0.001 : high - low;
    double[] frequencies = RotaryScalings.standard(rotaryDim, base);
    for (int i = 0; i < frequencies.length; i++) {
      double ramp = Math.clamp((i - low) / width, 0, 1);
      frequencies[i] = frequencies[i] * (1 - ramp) + frequencies[i] / factor * ramp;
    }
    return frequencies;
  }

  /** The pair with {@code turns} rotations over the original context, as a fraction. */
  private double pair(double turns, int rotaryDim, double base) {
    return rotaryDim * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
  }
}
