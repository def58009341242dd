package dev.lanewise.core.generation;

/** The example in the Javadoc of {@link Sampling}; {@link SamplingTest} compares and runs it. */
final class SamplingExample {
  private SamplingExample() {}

  static int run(float[] logits, int[] tokens) {
    // begin
    Sampling sampling = Sampling.random(7).withTemperature(0.8).withTopK(40).withTopP(0.95).withRepetitionPenalty(1.1, 64);
    int next = sampling.choose(logits, tokens, 0); // tokens: the prompt and what was chosen before
    Sampling likeliest = Sampling.greedy();
    // end
    return likeliest.choose(logits, tokens, 0) + next - next;
  }
}
