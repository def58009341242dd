package dev.lanewise.text.tokenizer.pieces;

import java.util.Arrays;

/**
 * The visible characters that stand for the 256 bytes in byte-level vocabularies. Visible characters of Latin-1 stand for themselves; the
 * other bytes, in their order, are the characters from U+0100 on. A space is Ġ.
 */
public final class ByteAlphabet {
  /** Answer of {@link #value} for a character that stands for no byte. */
  public static final int NONE = -1;

  private static final int BYTES = 256;
  private static final char[] LETTERS = new char[BYTES];
  private static final short[] VALUES = new short[2 * BYTES];

  static {
    char other = BYTES;
    Arrays.fill(VALUES, (short) NONE);
    for (int value = 0; value < BYTES; value++) {
      boolean visible = (value >= '!' && value <= '~') || (value >= 0xa1 && value != 0xad);
      LETTERS[value] = visible ? (char) value : other++;
      VALUES[LETTERS[value]] = (short) value;
    }
  }

  private ByteAlphabet() {}

  /** The character that stands for a byte, which is 0 to 255. */
  public static char letter(int value) {
    return LETTERS[value];
  }

  /** The byte that a character stands for, 0 to 255, or {@link #NONE}. */
  public static int value(char letter) {
    return letter < VALUES.length ? VALUES[letter] : NONE;
  }

  /** Appends the characters for the bytes of a code point in UTF-8. Half a surrogate pair counts as U+FFFD. */
  public static void append(int codePoint, StringBuilder target) {
    int c = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE ? 0xfffd : codePoint;
    if (c < 0x80) {
      target.append(LETTERS[c]);
      return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    int lead = (0xf00 >> (more + 1)) & 0xff;
    target.append(LETTERS[lead | (c >> (6 * more))]);
    for (int i = more - 1; i >= 0; i--) {
      target.append(LETTERS[0x80 | ((c >> (6 * i)) & 0x3f)]);
    }
  }
}
