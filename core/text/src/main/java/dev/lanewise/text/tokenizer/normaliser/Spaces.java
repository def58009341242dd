package dev.lanewise.text.tokenizer.normaliser;

/** White space (the property White_Space of Unicode, all of it in the basic plane) and the characters of words. */
public final class Spaces {
  /** A bit for each type of characters. */
  private static final int WORD_TYPES =
      1 << Character.NON_SPACING_MARK
          | 1 << Character.ENCLOSING_MARK
          | 1 << Character.COMBINING_SPACING_MARK
          | 1 << Character.DECIMAL_DIGIT_NUMBER
          | 1 << Character.CONNECTOR_PUNCTUATION;

  private Spaces() {}

  /** Tells whether a character is white space. */
  public static boolean isSpace(int c) {
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

  /** Tells whether a regular expression takes a code point for part of a word: a letter, mark, decimal digit, connector or joiner. */
  public static boolean isWord(int c) {
    return Character.isAlphabetic(c) || (WORD_TYPES & 1 << Character.getType(c)) != 0 || c == 0x200c || c == 0x200d;
  }
}
