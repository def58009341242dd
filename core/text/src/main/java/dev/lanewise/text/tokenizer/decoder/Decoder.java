package dev.lanewise.text.tokenizer.decoder;

import java.util.function.Consumer;

/**
 * Makes text of tokens. Immutable and thread-safe; its {@link Run} is not. Corresponds to {@code decoder} of a tokenizer.json: each step
 * receives parts and hands parts on to the next step, and the parts that leave the last step are the text.
 */
public interface Decoder {
  /** Starts a text. */
  Run start();

  /**
   * A text that is being decoded. It holds back only what later tokens can still change, such as the first bytes of a character. The parts
   * that {@link #accept} and {@link #finish} handed over, together, are the text of all tokens.
   */
  interface Run {
    /** Receives the next part, and hands over what is certain by now. */
    void accept(String part, Consumer<String> next);

    /** Hands over what was held back: no part will follow. */
    void finish(Consumer<String> next);
  }
}
