package dev.lanewise.text.tokenizer.decoder;

import java.util.function.Consumer;

/**
 * Joins word pieces: a piece with the prefix continues a word, any other begins one after a space.
 *
 * @param prefix what a piece begins with if it continues a word
 * @param cleanup whether the spaces in front of punctuation and contractions are removed
 */
public record WordPieceDecoder(String prefix, boolean cleanup) implements Decoder {
  @Override
  public Run start() {
    return new Run() {
      private boolean begun;

      @Override
      public void accept(String part, Consumer<String> next) {
        String joined = !begun ? part : part.startsWith(prefix) ? part.substring(prefix.length()) : " " + part;
        begun = true;
        next.accept(cleanup ? cleaned(joined) : joined);
      }

      @Override
      public void finish(Consumer<String> next) {}
    };
  }

  /** Removes the space in front of punctuation and contractions. */
  static String cleaned(String part) {
    return part.replace(" .", ".")
        .replace(" ?", "?")
        .replace(" !", "!")
        .replace(" ,", ",")
        .replace(" ' ", "'")
        .replace(" n't", "n't")
        .replace(" 'm", "'m")
        .replace(" do not", " don't")
        .replace(" 's", "'s")
        .replace(" 've", "'ve")
        .replace(" 're", "'re");
  }
}
