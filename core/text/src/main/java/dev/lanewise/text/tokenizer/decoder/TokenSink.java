package dev.lanewise.text.tokenizer.decoder;

/** Receives tokens from left to right. A token may arrive in several fragments, so that a long one need not be held back. */
interface TokenSink {
  /** Receives the next characters of the present token. */
  void text(String fragment);

  /** Ends the present token. */
  void endToken();

  /** No token will follow. */
  void finish();

  /** Receives a whole token. */
  default void token(String token) {
    text(token);
    endToken();
  }
}
