package dev.lanewise.core.position;

/**
 * How fast the pairs of a {@link Rotary} turn: the frequencies of the paper, or others that let a model read further than it was trained
 * to. With d = rotaryDim and i from 0 to d/2 − 1, θ<sub>i</sub> = base<sup>−2i/d</sup> below.
 *
 * <p>A model must be given the scaling that its configuration names; the names in brackets are those of Hugging Face's {@code rope_type}.
 * An implementation must be immutable; a lambda makes one whose attention factor is 1.
 */
@FunctionalInterface
public interface RotaryScaling {

  /** The angle from one position to the next of each pair: rotaryDim / 2 numbers, in a new array. */
  double[] frequencies(int rotaryDim, double base);

  /** What queries and keys are multiplied with besides turning. */
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
   * @param factor from 1 on
   */
  static RotaryScaling linear(double factor) {
    return new RotaryScalings.Linear(factor);
  }

  /**
   * θ<sub>i</sub> of base · factor<sup>d/(d − 2)</sup>, which is θ<sub>i</sub> · factor<sup>−2i/(d − 2)</sup>: the fastest pair turns as
   * before and the slowest is slowed by the whole factor ("NTK-aware scaled RoPE", bloc97, 2023).
   *
   * @param factor from 1 on
   */
  static RotaryScaling ntk(double factor) {
    return new RotaryScalings.Ntk(factor);
  }

  /**
   * {@link #ntk} with a factor that grows with the sequence: factor · n / originalContext − (factor − 1) for n = sequenceLength, and 1 up
   * to originalContext ({@code dynamic}). Queries and keys must be turned alike, so a longer sequence needs another scaling, and keys that
   * were kept have to be turned anew.
   *
   * @param factor from 1 on
   * @param originalContext positions the model was trained with
   * @param sequenceLength positions it is to see
   */
  static RotaryScaling dynamicNtk(double factor, int originalContext, int sequenceLength) {
    return RotaryScalings.dynamicNtk(factor, originalContext, sequenceLength);
  }

  /**
   * {@link #yarn(double, int, double, double, boolean, double) YaRN} with the paper's constants: betas 32 and 1, truncated, and an
   * attention factor of 0.1 · ln factor + 1.
   *
   * @param factor from 1 on
   * @param originalContext positions the model was trained with
   */
  static RotaryScaling yarn(double factor, int originalContext) {
    return YarnScaling.of(factor, originalContext);
  }

  /**
   * YaRN (Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models", 2023; {@code yarn}): pairs that turn often over
   * the original context keep their frequency, those that turn less than once are interpolated, and between them it is a ramp over the
   * pairs' numbers.
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
   * @param betaFast turns from which on a pair keeps its frequency, above betaSlow; 32 in the paper
   * @param betaSlow turns below which a pair is interpolated, above 0; 1 in the paper
   * @param truncated whether the ramp begins and ends at a pair; false is {@code "truncate": false}
   * @param attentionFactor what queries and keys are multiplied with, above 0. A configuration that has {@code mscale} and {@code
   *     mscale_all_dim} means (0.1 · mscale · ln factor + 1) / (0.1 · mscale_all_dim · ln factor + 1)
   */
  static RotaryScaling yarn(
      double factor, int originalContext, double betaFast, double betaSlow, boolean truncated, double attentionFactor) {
    return new YarnScaling(factor, originalContext, betaFast, betaSlow, truncated, attentionFactor);
  }

  /**
   * As in Llama 3.1 (2024; {@code llama3}). With n = originalContext · θ<sub>i</sub> / 2π, the turns of a pair over the original context:
   * θ<sub>i</sub> if n is above highFrequencyFactor, θ<sub>i</sub> / factor if it is below lowFrequencyFactor, and between them a blend,
   * linear in n.
   *
   * @param factor from 1 on; Llama 3.1 has 8
   * @param lowFrequencyFactor above 0; Llama 3.1 has 1
   * @param highFrequencyFactor above lowFrequencyFactor; Llama 3.1 has 4
   * @param originalContext positions the model was trained with; Llama 3.1 has 8192
   */
  static RotaryScaling llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext) {
    return new RotaryScalings.Llama3(factor, lowFrequencyFactor, highFrequencyFactor, originalContext);
  }
}
