package dev.lanewise.text.tokenizer.added;

/** White space and letters as the regular expressions of Hugging Face's tokenizers have them ({@code \s} and {@code \w} of Unicode). */
final class Spaces {
  private Spaces() {}

  /** The index at which the white space in front of an index begins. */
  static int beginBefore(String text, int index) {
    int begin = index;
    while (begin > 0 && isSpace(text.charAt(begin - 1))) {
      begin--;
    }
    return begin;
  }

  /** The index at which the white space behind an index ends. */
  static int endAfter(String text, int index) {
    int end = index;
    while (end < text.length() && isSpace(text.charAt(end))) {
      end++;
    }
    return end;
  }

  /** White_Space of Unicode; all of it is in the basic plane, and the property is frozen in practice. */
  private static boolean isSpace(char c) {
    return (c >= 9 && c <= 13)
        || c == ' '
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  /** Alphabetic, mark, decimal digit, connector or join control. */
  static boolean isWord(int c) {
    return Character.isAlphabetic(c)
        || switch (Character.getType(c)) {
          case Character.NON_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.DECIMAL_DIGIT_NUMBER,
              Character.CONNECTOR_PUNCTUATION ->
              true;
          default -> c == 0x200c || c == 0x200d;
        };
  }
}
