package dev.lanewise.text.tokenizer.decoder;

import dev.lanewise.text.tokenizer.normaliser.SearchPattern;
import dev.lanewise.text.tokenizer.normaliser.TextBudget;

/**
 * Replaces the matches of a pattern in each token. Corresponds to the decoder {@code Replace} of a tokenizer.json.
 *
 * @param content what stands in place of a match, literally
 */
public record ReplaceStep(SearchPattern pattern, String content) implements DecoderStep {
  /** What this step has made so far. */
  private final class Text {
    private final TextBudget budget;
    private long made;

    Text(TextBudget budget) {
      this.budget = budget;
    }

    String replaced(String text) {
      String replaced = pattern.replaceAll(text, content, budget.mostMade() - made, budget);
      made += replaced.length();
      return replaced;
    }
  }

  /**
   * Starts a text.
   *
   * @param budget that of the whole text, which all steps share
   */
  TokenSink open(TokenSink next, TextBudget budget) {
    if (pattern.isOneCharacter()) {
      return letters(next, new Text(budget));
    }
    Text text = new Text(budget);
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
