package dev.lanewise.text.tokenizer.template;

import dev.lanewise.text.tokenizer.normaliser.Spaces;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Takes the white space of byte-level tokens out of their ranges.
 *
 * @param addsPrefixSpace whether a space was put in front of the text, which has no range to be taken out
 */
public record OffsetTrim(boolean addsPrefixSpace) {
  /** The character that stands for a space in byte-level tokens. */
  private static final char SPACE = 'Ġ';

  /**
   * Changes the ranges of all tokens.
   *
   * @param pieces pieces by their ids; null for an added token, whose characters are those of the text
   */
  public void apply(TokenList tokens, String text, IntFunction<@Nullable String> pieces) {
    for (int i = 0; i < tokens.size(); i++) {
      String piece = pieces.apply(tokens.id(i));
      trim(tokens, i, piece == null ? text.substring(tokens.start(i), tokens.end(i)) : piece, text);
    }
  }

  private void trim(TokenList tokens, int token, String text, String original) {
    int leading = 0;
    while (leading < text.length() && isSpace(text.charAt(leading))) {
      leading++;
    }
    int trailing = 0;
    while (trailing < text.length() && isSpace(text.charAt(text.length() - 1 - trailing))) {
      trailing++;
    }
    if (leading == 0 && trailing == 0) {
      return;
    }
    int start = tokens.start(token);
    int end = tokens.end(token);
    if (addsPrefixSpace && leading == 1 && (token == 0 || start == 0)) {
      leading = 0;
    }
    int newStart = start;
    for (int i = 0; i < leading && newStart < end; i++) {
      newStart = original.offsetByCodePoints(newStart, 1);
    }
    int newEnd = end;
    if (original.codePointCount(0, Math.min(end, 2 * trailing)) >= trailing) {
      for (int i = 0; i < trailing && newEnd > newStart; i++) {
        newEnd = original.offsetByCodePoints(newEnd, -1);
      }
    }
    tokens.range(token, newStart, newEnd);
  }

  private static boolean isSpace(char c) {
    return c == SPACE || Spaces.isSpace(c);
  }
}
