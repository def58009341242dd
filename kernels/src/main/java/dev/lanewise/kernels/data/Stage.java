package dev.lanewise.kernels.data;

/** Where a score stands on its way to becoming a weight, in this order. */
public enum Stage {
  /** Similarity times scale. */
  RAW,
  /** After the softcap. */
  CAPPED,
  /** After bias, ALiBi and the caller's score function, which sees no key that the mask hides. */
  CHANGED,
  /** After the mask: −∞ where the query does not see the key. */
  MASKED,
  /** After the normaliser: what multiplies the value rows. */
  WEIGHTS
}
