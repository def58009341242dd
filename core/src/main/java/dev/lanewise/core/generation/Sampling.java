package dev.lanewise.core.generation;

import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Objects;

/**
 * Chooses a token from its logits: the most probable one, or one drawn at random. The steps follow each other as in Hugging Face's
 * transformers:
 *
 * <ol>
 *   <li>the repetition penalty (Keskar et al., "CTRL: A Conditional Transformer Language Model for Controllable Generation", 2019): a
 *       positive logit of a seen token is divided by the penalty, a negative one is multiplied by it
 *   <li>the caller's {@link Generator.LogitFilter}
 *   <li>the temperature: logits are divided by it. With temperature 0 the largest logit is chosen, and the other steps change nothing
 *   <li>top-k: the k largest logits remain
 *   <li>top-p (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020): the fewest of the most probable tokens remain whose
 *       probabilities sum to p or more
 *   <li>min-p (Nguyen et al., "Turning Up the Heat", 2024): tokens remain that have at least p times the largest probability
 *   <li>a random number in [0, 1) chooses between the remaining tokens
 * </ol>
 *
 * <pre>{@code
 * Sampling sampling = Sampling.random(7).withTemperature(0.8).withTopK(40).withTopP(0.95).withRepetitionPenalty(1.1, 64);
 * int next = sampling.choose(logits, tokens, 0); // tokens: the prompt and what was chosen before
 * Sampling likeliest = Sampling.greedy();
 * }</pre>
 *
 * <p>The first one of equal logits counts as the larger. A token that is −∞ is never chosen. Probabilities are computed in double. The
 * random number is a function of the seed, of the sequence's number and of the number of tokens before: a choice depends neither on other
 * sequences, nor on threads, nor on earlier calls. Immutable and thread-safe. A call allocates nothing in steady state.
 */
public final class Sampling {
  private static final ScratchPool<Candidates> SCRATCH = new ScratchPool<>(Candidates::new);

  /** Increment of SplitMix64 (Steele et al., "Fast Splittable Pseudorandom Number Generators", 2014): 2⁶⁴ divided by the golden ratio. */
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private final long seed;
  private final double temperature;
  private final int topK;
  private final double topP;
  private final double minP;
  private final double penalty;
  private final int penalised;

  private Sampling(long seed, double temperature, int topK, double topP, double minP, double penalty, int penalised) {
    this.seed = seed;
    this.temperature = temperature;
    this.topK = topK;
    this.topP = topP;
    this.minP = minP;
    this.penalty = penalty;
    this.penalised = penalised;
  }

  /** Chooses the most probable token: temperature 0. */
  public static Sampling greedy() {
    return random(0).withTemperature(0);
  }

  /** Draws tokens with the probabilities that the model gives them: temperature 1. Equal seeds draw equal tokens. */
  public static Sampling random(long seed) {
    return new Sampling(seed, 1, Integer.MAX_VALUE, 1, 0, 1, Integer.MAX_VALUE);
  }

  /** Returns a copy with this seed. */
  public Sampling withSeed(long newSeed) {
    return new Sampling(newSeed, temperature, topK, topP, minP, penalty, penalised);
  }

  /**
   * Returns a copy with this temperature: below 1, probable tokens become more probable.
   *
   * @param newTemperature at least 0 and finite; 0 chooses the most probable token
   */
  public Sampling withTemperature(double newTemperature) {
    checkRange("temperature", newTemperature, newTemperature >= 0 && newTemperature < Double.POSITIVE_INFINITY, "at least 0 and finite");
    return new Sampling(seed, newTemperature, topK, topP, minP, penalty, penalised);
  }

  /** Returns a copy that draws from the {@code newTopK} most probable tokens; at least 1. */
  public Sampling withTopK(int newTopK) {
    Checks.atLeast("topK", newTopK, 1);
    return new Sampling(seed, temperature, newTopK, topP, minP, penalty, penalised);
  }

  /** Returns a copy that draws from the fewest tokens whose probabilities sum to {@code newTopP} or more; above 0, at most 1. */
  public Sampling withTopP(double newTopP) {
    checkRange("topP", newTopP, newTopP > 0 && newTopP <= 1, "above 0 and at most 1");
    return new Sampling(seed, temperature, topK, newTopP, minP, penalty, penalised);
  }

  /** Returns a copy that draws from the tokens with at least {@code newMinP} times the largest probability; from 0 to 1. */
  public Sampling withMinP(double newMinP) {
    checkRange("minP", newMinP, newMinP >= 0 && newMinP <= 1, "from 0 to 1");
    return new Sampling(seed, temperature, topK, topP, newMinP, penalty, penalised);
  }

  /** Returns a copy with this penalty for every token that occurs in the sequence, the prompt included; above 0, and 1 changes nothing. */
  public Sampling withRepetitionPenalty(double newPenalty) {
    return withRepetitionPenalty(newPenalty, Integer.MAX_VALUE);
  }

  /** Returns a copy with this penalty for every token that occurs among the last {@code tokens} tokens of the sequence; at least 1. */
  public Sampling withRepetitionPenalty(double newPenalty, int tokens) {
    checkRange("penalty", newPenalty, newPenalty > 0 && newPenalty < Double.POSITIVE_INFINITY, "above 0 and finite");
    Checks.atLeast("tokens", tokens, 1);
    return new Sampling(seed, temperature, topK, topP, minP, newPenalty, tokens);
  }

  private static void checkRange(String name, double value, boolean fits, String range) {
    if (!fits) {
      throw new IllegalArgumentException(name + " is " + value + ", must be " + range);
    }
  }

  /**
   * Chooses the token that follows.
   *
   * @param logits one for each token of the vocabulary; the repetition penalty changes those of seen tokens in place
   * @param tokens the tokens of the sequence so far, the prompt included, each at least 0 and below {@code logits.length}
   * @param sequence number of the sequence, so that equal prompts in one batch draw different tokens
   * @throws ArithmeticException if a logit is NaN, or all are −∞
   * @throws IndexOutOfBoundsException if a token that the penalty concerns is outside of the vocabulary
   */
  public int choose(float[] logits, int[] tokens, int sequence) {
    Objects.requireNonNull(logits, "logits");
    Objects.requireNonNull(tokens, "tokens");
    penalise(logits, tokens, tokens.length);
    return choose(logits, tokens.length, sequence);
  }

  /** Applies the repetition penalty: the first step. */
  void penalise(float[] logits, int[] tokens, int count) {
    if (penalty == 1) {
      return;
    }
    int from = Math.max(0, count - penalised);
    for (int i = from; i < count; i++) {
      if (tokens[i] < 0 || tokens[i] >= logits.length) {
        Checks.index("tokens[" + i + "]", tokens[i], logits.length);
      }
    }
    Candidates candidates = SCRATCH.take();
    try {
      candidates.penalise(logits, tokens, from, count, penalty);
    } finally {
      SCRATCH.give(candidates);
    }
  }

  /**
   * Chooses a token from changed logits: the steps after the filter.
   *
   * @param step number of tokens before the chosen one
   */
  int choose(float[] logits, int step, int sequence) {
    int largest = largest(logits, step, sequence);
    if (temperature == 0) {
      return largest;
    }
    Candidates candidates = SCRATCH.take();
    try {
      candidates.begin(logits);
      candidates.keepLargest(topK);
      candidates.weigh(logits[largest], temperature);
      candidates.keepProbable(topP);
      return candidates.draw(minP, uniform(seed, sequence, step));
    } finally {
      SCRATCH.give(candidates);
    }
  }

  private static int largest(float[] logits, int step, int sequence) {
    int best = -1;
    float most = Float.NEGATIVE_INFINITY;
    for (int token = 0; token < logits.length; token++) {
      float logit = logits[token];
      if (logit > most) {
        best = token;
        most = logit;
      } else if (Float.isNaN(logit)) {
        throw new ArithmeticException("the logit of token " + token + " is NaN after " + step + " tokens of sequence " + sequence);
      }
    }
    if (best < 0) {
      String all = "all " + logits.length + " logits are -Infinity after ";
      throw new ArithmeticException(all + step + " tokens of sequence " + sequence + ": no token can follow");
    }
    return best;
  }

  /** A number in [0, 1) with 53 random bits. */
  static double uniform(long seed, long sequence, long step) {
    return (mix(mix(mix(seed) + sequence) + step) >>> 11) * 0x1p-53;
  }

  /** The output of SplitMix64 for a state. */
  private static long mix(long state) {
    long z = state + GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
