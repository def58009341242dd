package dev.lanewise.kernels.data;

/**
 * A step of the computation of a weight from a score, in the order of the constants.
 *
 * <pre>{@code
 * attention.compute(query, key, value, Results.of().withOutput(output).withScores(Stage.CAPPED, scores));
 * }</pre>
 */
public enum Stage {
  /** Similarity times scale. */
  RAW,
  /** After the smooth limit, cap · tanh(score / cap). */
  CAPPED,
  /** After bias, ALiBi and the caller's score function, which sees no key that the mask hides. */
  CHANGED,
  /** After the mask: −∞ where the query does not see the key. */
  MASKED,
  /** After the normaliser: the factors of the value rows. */
  WEIGHTS
}
