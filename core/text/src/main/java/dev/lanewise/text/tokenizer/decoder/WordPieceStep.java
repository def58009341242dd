package dev.lanewise.text.tokenizer.decoder;

/**
 * Joins word pieces: a piece with the prefix continues a word, any other begins one after a space. Corresponds to the decoder {@code
 * WordPiece} of a tokenizer.json.
 *
 * @param prefix what a piece begins with if it continues a word
 * @param cleanup whether the spaces in front of punctuation and contractions are removed
 */
public record WordPieceStep(String prefix, boolean cleanup) implements DecoderStep {
  /** Starts a text. */
  TokenSink open(TokenSink next) {
    return new WholeTokens() {
      private boolean begun;

      @Override
      public void token(String token) {
        String joined = !begun ? token : token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
        begun = true;
        next.token(cleanup ? cleaned(joined) : joined);
      }

      @Override
      public void finish() {
        next.finish();
      }
    };
  }

  /** Removes the space in front of punctuation and contractions. */
  private static String cleaned(String token) {
    return token
        .replace(" .", ".")
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
