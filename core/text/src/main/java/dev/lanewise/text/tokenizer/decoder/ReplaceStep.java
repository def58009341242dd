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

  /** What this step has made so far. */
  private final class Text {
    private final Limit limit;
    private long made;

    Text(Limit limit) {
      this.limit = limit;
    }

    String replaced(String text) {
      String replaced = pattern.replaceAll(text, content, limit.most() - made);
      made += replaced.length();
      return replaced;
    }
  }

  /** Starts a text. */
  TokenSink open(TokenSink next, Limit limit) {
    if (pattern.isOneCharacter()) {
      return letters(next, new Text(limit));
    }
    Text text = new Text(limit);
    return new WholeTokens() {
      @Override
      public void token(String token) {
        next.token(text.replaced(token));
      }

      @Override
      public void finish() {
        next.finish();
      }
    };
  }

  /** A pattern of one character needs no whole tokens. */
  private TokenSink letters(TokenSink next, Text text) {
    return new TokenSink() {
      @Override
      public void text(String fragment) {
        next.text(text.replaced(fragment));
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
