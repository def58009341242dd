package dev.lanewise.text;

import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.tokenizer.Encoding;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Divides texts into the sequences of tokens that an encoder reads: one for each text, or several for a long one. Thread-safe. */
final class TextTokens {
  private final Tokenizer whole;
  private final Tokenizer cut;
  private final int maxTokens;
  private final String prefix;
  private final LongTexts longTexts;
  private final int tokenTypes;

  /**
   * Creates a division.
   *
   * @param maxTokens maximum number of tokens of a sequence, including those of the template
   * @param prefix before each text
   * @param tokenTypes number of types that the encoder knows; with one, the tokenizer's types are ignored
   */
  TextTokens(Tokenizer tokenizer, int maxTokens, String prefix, LongTexts longTexts, int tokenTypes) {
    this.whole = tokenizer.withoutTruncation();
    this.cut = tokenizer.withMaxTokens(maxTokens);
    this.maxTokens = maxTokens;
    this.prefix = prefix;
    this.longTexts = longTexts;
    this.tokenTypes = tokenTypes;
  }

  /**
   * The sequences of a text, at least one.
   *
   * @param index number of the text, for a message
   */
  List<TokenSequence> of(String text, long index) {
    String prefixed = prefix.isEmpty() ? text : prefix + text;
    return switch (longTexts.kind()) {
      case TRUNCATE -> List.of(sequence(cut.encode(prefixed)));
      case FAIL -> List.of(sequence(checked(whole.encode(prefixed), index)));
      case WINDOWS -> windows(text, prefixed);
    };
  }

  /** The sequence of a pair of texts; of the longer one, the last tokens are left out until the pair fits. */
  TokenSequence ofPair(String text, String pair) {
    return sequence(cut.encode(text, pair));
  }

  private Encoding checked(Encoding encoding, long index) {
    Checks.atMost("the number of tokens of texts[" + index + "]", encoding.length(), "maxTokens", maxTokens);
    return encoding;
  }

  private List<TokenSequence> windows(String text, String prefixed) {
    Encoding all = whole.encode(prefixed);
    if (all.length() <= maxTokens) {
      return List.of(sequence(all));
    }
    if (prefix.isEmpty()) {
      return whole.windows(text, maxTokens, longTexts.overlap()).stream().map(this::sequence).toList();
    }
    // The prefix takes its tokens from each window. A part of the text is read again behind the prefix.
    int room = maxTokens - ownTokens(whole.encode(prefix));
    return whole.windows(text, room, longTexts.overlap()).stream()
        .map(window -> sequence(cut.encode(prefix + part(text, window)), ownTokens(window)))
        .toList();
  }

  /** The part of a text that a window's own tokens cover. */
  private static String part(String text, Encoding window) {
    int from = text.length();
    int to = 0;
    for (int token = 0; token < window.length(); token++) {
      if (!window.isSpecial(token)) {
        from = Math.min(from, window.start(token));
        to = Math.max(to, window.end(token));
      }
    }
    return text.substring(Math.min(from, to), to);
  }

  private static int ownTokens(Encoding encoding) {
    int own = 0;
    for (int token = 0; token < encoding.length(); token++) {
      own += encoding.isSpecial(token) ? 0 : 1;
    }
    return own;
  }

  private TokenSequence sequence(Encoding encoding) {
    return sequence(encoding, ownTokens(encoding));
  }

  private TokenSequence sequence(Encoding encoding, int weight) {
    int @Nullable [] types = tokenTypes == 1 ? null : encoding.types();
    boolean plain = types == null || Arrays.stream(types).allMatch(type -> type == 0);
    return new TokenSequence(encoding.ids(), plain ? null : types, Math.max(1, weight));
  }
}
