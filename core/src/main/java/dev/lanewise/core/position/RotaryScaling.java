package dev.lanewise.core.position;

/**
 * The frequencies of the pairs of a {@link Rotary}: those of the paper, or others that let a model read longer contexts than it was trained
 * with. With d = rotaryDim and i from 0 to d/2 − 1, θ<sub>i</sub> = base<sup>−2i/d</sup> below.
 *
 * <p>A model must use the scaling that its configuration names; the names in brackets are the values of {@code rope_type} in Hugging Face
 * configurations. An implementation must be immutable. A lambda makes a scaling with attention factor 1.
 */
@FunctionalInterface
public interface RotaryScaling {

  /** The angle between neighbouring positions, for each pair: rotaryDim / 2 numbers, in a new array. */
  double[] frequencies(int rotaryDim, double base);

  /** The factor on queries and keys, in addition to the rotation. */
  default double attentionFactor() {
    return 1;
  }

  /** θ<sub>i</sub>: Su et al., "RoFormer", 2021 ({@code default}). */
  static RotaryScaling none() {
    return RotaryScalings::standard;
  }

  /**
   * θ<sub>i</sub> / factor: position interpolation (Chen et al., "Extending Context Window of Large Language Models via Positional
   * Interpolation", 2023; {@code linear}).
   *
   * @param factor at least 1
   */
  static RotaryScaling linear(double factor) {
    return new RotaryScalings.Linear(factor);
  }

  /**
   * θ<sub>i</sub> for base · factor<sup>d/(d − 2)</sup>, which is θ<sub>i</sub> · factor<sup>−2i/(d − 2)</sup>: the fastest pair keeps its
   * frequency, and the frequency of the slowest pair is divided by the whole factor ("NTK-aware scaled RoPE", bloc97, 2023).
   *
   * @param factor at least 1
   */
  static RotaryScaling ntk(double factor) {
    return new RotaryScalings.Ntk(factor);
  }

  /**
   * {@link #ntk} with a factor that grows with the sequence: factor · n / originalContext − (factor − 1) for n = sequenceLength, and 1 up
   * to originalContext ({@code dynamic}). Queries and keys must use the same scaling. A longer sequence needs another scaling, and keys
   * that were kept must then be rotated again.
   *
   * @param factor at least 1
   * @param originalContext number of positions the model was trained with
   * @param sequenceLength number of positions the model is used with
   */
  static RotaryScaling dynamicNtk(double factor, int originalContext, int sequenceLength) {
    return RotaryScalings.dynamicNtk(factor, originalContext, sequenceLength);
  }

  /**
   * {@link #yarn(double, int, double, double, boolean, double) YaRN} with the paper's constants: betas 32 and 1, truncated, and an
   * attention factor of 0.1 · ln factor + 1.
   *
   * @param factor at least 1
   * @param originalContext number of positions the model was trained with
   */
  static RotaryScaling yarn(double factor, int originalContext) {
    return YarnScaling.of(factor, originalContext);
  }

  /**
   * YaRN (Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models", 2023; {@code yarn}): pairs with many full
   * rotations over the original context keep their frequency, pairs with less than one rotation are interpolated, and a ramp over the pair
   * numbers connects the two.
   *
   * <pre>
   * pair(n) = d · ln(originalContext / (2π n)) / (2 ln base)     the pair with n rotations, as a fraction
   * low     = max(pair(betaFast), 0)                              rounded down, if truncated
   * high    = min(pair(betaSlow), d − 1)                          rounded up, if truncated
   * ramp(i) = (i − low) / (high − low), within 0 and 1
   * frequency(i) = θ(i) · (1 − ramp(i)) + θ(i) / factor · ramp(i)
   * </pre>
   *
   * @param factor new context length divided by the original, at least 1
   * @param originalContext number of positions the model was trained with
   * @param betaFast number of rotations from which on a pair keeps its frequency, above betaSlow; 32 in the paper
   * @param betaSlow number of rotations below which a pair is interpolated, above 0; 1 in the paper
   * @param truncated whether the ends of the ramp are rounded to whole pairs; false is {@code "truncate": false}
   * @param attentionFactor factor on queries and keys, above 0. A configuration that has {@code mscale} and {@code mscale_all_dim} means
   *     (0.1 · mscale · ln factor + 1) / (0.1 · mscale_all_dim · ln factor + 1)
   */
  static RotaryScaling yarn(
      double factor, int originalContext, double betaFast, double betaSlow, boolean truncated, double attentionFactor) {
    return new YarnScaling(factor, originalContext, betaFast, betaSlow, truncated, attentionFactor);
  }

  /**
   * The scaling of Llama 3.1 (2024; {@code llama3}). With n = originalContext · θ<sub>i</sub> / 2π, the rotations of a pair over the
   * original context, the frequency is θ<sub>i</sub> if n is above highFrequencyFactor, θ<sub>i</sub> / factor if n is below
   * lowFrequencyFactor, and linear in n between the two.
   *
   * @param factor at least 1; Llama 3.1 has 8
   * @param lowFrequencyFactor above 0; Llama 3.1 has 1
   * @param highFrequencyFactor above lowFrequencyFactor; Llama 3.1 has 4
   * @param originalContext number of positions the model was trained with; Llama 3.1 has 8192
   */
  static RotaryScaling llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext) {
    return new RotaryScalings.Llama3(factor, lowFrequencyFactor, highFrequencyFactor, originalContext);
  }
}
