package dev.lanewise.text;

import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.tokenizer.MiniLmTokenizer;
import dev.lanewise.text.tokenizer.Tokens;
import java.util.List;

/** Divides texts into the sequences of tokens that an encoder reads: one for each text, or several for a long one. Thread-safe. */
final class TextTokens {
  private final MiniLmTokenizer tokenizer;
  private final int maxTokens;
  private final String prefix;
  private final LongTexts longTexts;

  TextTokens(MiniLmTokenizer tokenizer, int maxTokens, String prefix, LongTexts longTexts) {
    this.tokenizer = tokenizer;
    this.maxTokens = maxTokens;
    this.prefix = prefix;
    this.longTexts = longTexts;
  }

  /**
   * The sequences of a text, at least one.
   *
   * @param index number of the text, for a message
   */
  List<TokenSequence> of(String text, long index) {
    String prefixed = prefix.isEmpty() ? text : prefix + text;
    return switch (longTexts.kind()) {
      case TRUNCATE -> List.of(sequence(tokenizer.encode(prefixed, maxTokens)));
      case FAIL -> List.of(sequence(checked(tokenizer.encode(prefixed), index)));
      case WINDOWS -> throw new UnsupportedOperationException("windows need another tokenizer");
    };
  }

  private Tokens checked(Tokens tokens, long index) {
    Checks.atMost("the number of tokens of texts[" + index + "]", tokens.length(), "maxTokens", maxTokens);
    return tokens;
  }

  private static TokenSequence sequence(Tokens tokens) {
    return new TokenSequence(tokens.ids(), null, Math.max(1, tokens.length() - 2));
  }
}
