package dev.lanewise.text.tokenizer.normaliser;

/** Changes a text before it is split into words. Immutable and thread-safe. Corresponds to {@code normalizer} of a tokenizer.json. */
public interface Normaliser {
  /** Returns the normalised text. Each of its characters keeps the range of the original text that it comes from. */
  AlignedText apply(AlignedText text);

  /**
   * Tells whether an original text may be divided in front of the white space at this index, so that the normalised parts together are the
   * normalised whole. A long text is then processed in parts, and what is behind the last token that is wanted is not read. The safe answer
   * is false.
   */
  default boolean dividesBeforeSpace() {
    return false;
  }
}
