package dev.lanewise.text.tokenizer.decoder;

import dev.lanewise.text.tokenizer.normaliser.SearchPattern;

/**
 * Replaces the matches of a pattern in each token. Corresponds to the decoder {@code Replace} of a tokenizer.json.
 *
 * @param content what stands in place of a match, literally
 */
public record ReplaceStep(SearchPattern pattern, String content) implements DecoderStep {
  /** The greatest length of the text so far, whatever steps change it. */
  @FunctionalInterface
  interface Limit {
    long most();
  }

  private String replaced(String text, Limit limit) {
    return pattern.replaceAll(text, content, limit.most());
  }

  /** Starts a text. */
  TokenSink open(TokenSink next, Limit limit) {
    if (pattern.isOneCharacter()) {
      return letters(next, limit);
    }
    return new WholeTokens() {
      @Override
      public void token(String token) {
        next.token(replaced(token, limit));
      }

      @Override
      public void finish() {
        next.finish();
      }
    };
  }

  /** A pattern of one character needs no whole tokens. */
  private TokenSink letters(TokenSink next, Limit limit) {
    return new TokenSink() {
      @Override
      public void text(String fragment) {
        next.text(replaced(fragment, limit));
      }

      @Override
      public void endToken() {
        next.endToken();
      }

      @Override
      public void finish() {
        next.finish();
      }
    };
  }
}
