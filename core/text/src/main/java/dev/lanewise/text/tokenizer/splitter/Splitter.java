package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import java.util.function.Consumer;

/**
 * Splits a normalised text into words, which the vocabulary divides further. Immutable and thread-safe. Corresponds to {@code
 * pre_tokenizer} of a tokenizer.json.
 */
public interface Splitter {
  /**
   * Splits a text and hands over its words in their order. What separates words may be dropped, and a splitter may change characters (a
   * space becomes ▁). Empty words are ignored by the receiver.
   */
  void split(AlignedText text, Consumer<AlignedText> words);

  /**
   * Tells whether a text may be divided in front of any white space that follows other characters, so that the words of the parts are the
   * words of the whole. The safe answer is false.
   */
  default boolean dividesBeforeSpace() {
    return false;
  }
}
