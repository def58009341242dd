package dev.lanewise.text;

import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.tokenizer.Encoding;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Divides texts into the sequences of tokens that an encoder reads: one for each text, or several for a long one. Thread-safe. */
final class TextTokens {
  private final Tokenizer whole;
  private final Tokenizer cut;
  private final int maxTokens;
  private final String prefix;
  private final LongTexts longTexts;
  private final boolean lowercase;
  private final boolean typed;

  /**
   * Creates a division.
   *
   * @param model its tokenizer, and what its encoder knows: with one token type, those of the tokenizer are ignored
   * @param maxTokens maximum number of tokens of a sequence, including those of the template
   * @param prefix before each text
   * @throws IllegalArgumentException if the template and the prefix leave no token of a text, or windows would overlap completely
   */
  TextTokens(EncoderModel model, int maxTokens, String prefix, LongTexts longTexts) {
    this.whole = model.tokenizer().withoutTruncation();
    this.cut = model.tokenizer().withMaxTokens(maxTokens);
    this.maxTokens = maxTokens;
    this.lowercase = model.lowercase();
    this.prefix = cased(prefix);
    this.longTexts = longTexts;
    this.typed = model.encoder().tokenTypes() > 1;
    int before = whole.encode(this.prefix).length();
    Checks.atLeast("maxTokens", maxTokens, 1L + before);
    Checks.atMost("overlap", longTexts.overlap(), "maxTokens without template, prefix and one new token", maxTokens - before - 1);
  }

  /** Checks that the template of a pair leaves a token. */
  void checkPairs() {
    Checks.atLeast("maxTokens", maxTokens, 1L + whole.encode("", "").length());
  }

  /** A text without the white space at both ends, as sentence-transformers reads it after a prompt has been put in front. */
  static String stripped(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && isSpace(text.charAt(from))) {
      from++;
    }
    while (from < to && isSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  /** White space as Python's {@code str.strip} knows it, which includes no-break spaces and U+0085. */
  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  /** The text in lower case, if the model reads texts so. */
  private String cased(String text) {
    return lowercase ? text.toLowerCase(Locale.ROOT) : text;
  }

  /**
   * The sequences of a text, at least one.
   *
   * @param index number of the text, for a message
   */
  List<TokenSequence> of(String text, long index) {
    String own = cased(text);
    String prefixed = stripped(prefix.isEmpty() ? own : prefix + own);
    return switch (longTexts.kind()) {
      case TRUNCATE -> List.of(sequence(cut.encode(prefixed)));
      case FAIL -> List.of(sequence(checked(whole.encode(prefixed), index)));
      case WINDOWS -> windows(stripped(own), prefixed);
    };
  }

  /** The sequence of a pair of texts; of the longer one, the last tokens are left out until the pair fits. */
  TokenSequence ofPair(String text, String pair) {
    return sequence(cut.encode(stripped(cased(text)), stripped(cased(pair))));
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
        .map(window -> sequence(cut.encode(stripped(prefix + part(text, window))), ownTokens(window)))
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
    int @Nullable [] types = typed ? encoding.types() : null;
    boolean plain = types == null || Arrays.stream(types).allMatch(type -> type == 0);
    return new TokenSequence(encoding.ids(), plain ? null : types, Math.max(1, weight));
  }
}
