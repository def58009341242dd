package dev.lanewise.core;

import java.util.Objects;

/**
 * Which keys a query may see. Masks compose with {@link #and}; a masked key contributes nothing, whatever its key and value hold, and a
 * query that sees no key gets output 0.
 */
public sealed interface Mask permits Masks.None, Masks.Causal, Masks.KeyLengths, Masks.Both {

  /** Every query sees every key. */
  static Mask none() {
    return Masks.None.INSTANCE;
  }

  /** Causal, aligned bottom-right: the last query sees the last key, and each query before it one key less. */
  static Mask causal() {
    return causal(Alignment.BOTTOM_RIGHT);
  }

  /** Causal with the given alignment; the two differ when there are more keys than queries, or fewer. */
  static Mask causal(Alignment alignment) {
    return new Masks.Causal(alignment);
  }

  /** In batch entry b only the first {@code lengths[b]} keys are seen (padding at the end of each sequence). */
  static Mask keyLengths(int... lengths) {
    return new Masks.KeyLengths(Objects.requireNonNull(lengths, "lengths").clone());
  }

  /** A key is seen if both masks let it through. */
  default Mask and(Mask other) {
    return new Masks.Both(this, Objects.requireNonNull(other, "other"));
  }

  /**
   * Checks that the mask fits the problem.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  void check(int batch, int queries, int keys);

  /** How many keys, from the first, the query at row {@code query} of batch entry {@code b} sees: 0 to {@code keys}. */
  int visibleKeys(int b, int query, int queries, int keys);

  /** Where the diagonal of a causal mask lies when queries and keys differ in number. */
  enum Alignment {
    /** Query i sees the keys up to i + keys − queries. */
    BOTTOM_RIGHT,
    /** Query i sees the keys up to i. */
    TOP_LEFT
  }
}
