package dev.lanewise.text.tokenizer.splitter;

/** What becomes of the characters that words are separated by. */
public enum Delimiters {
  /** They are dropped. */
  REMOVED,
  /** Each is a word of its own. */
  ISOLATED,
  /** Each belongs to the word in front of it. */
  MERGED_WITH_PREVIOUS,
  /** Each belongs to the word behind it. */
  MERGED_WITH_NEXT,
  /** Neighbours are one word together. */
  CONTIGUOUS
}
