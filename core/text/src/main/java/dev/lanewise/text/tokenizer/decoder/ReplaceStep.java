package dev.lanewise.text.tokenizer.decoder;

import dev.lanewise.text.tokenizer.normaliser.SearchPattern;

/**
 * Replaces the matches of a pattern in each token. Corresponds to the decoder {@code Replace} of a tokenizer.json.
 *
 * @param content what stands in place of a match, literally
 */
public record ReplaceStep(SearchPattern pattern, String content) implements DecoderStep {
  /** Starts a text. */
  TokenSink open(TokenSink next) {
    if (pattern.isOneCharacter()) {
      return letters(next);
    }
    return new WholeTokens() {
      @Override
      public void token(String token) {
        next.token(pattern.replaceAll(token, content));
      }

      @Override
      public void finish() {
        next.finish();
      }
    };
  }

  /** A pattern of one character needs no whole tokens. */
  private TokenSink letters(TokenSink next) {
    return new TokenSink() {
      @Override
      public void text(String fragment) {
        next.text(pattern.replaceAll(fragment, content));
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
