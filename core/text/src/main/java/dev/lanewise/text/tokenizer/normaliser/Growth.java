package dev.lanewise.text.tokenizer.normaliser;

/** The limit for the length of a text that a file's rules make: rules after one another may double a text again and again. */
final class Growth {
  /** Largest factor; a compatibility character of Unicode becomes 18 others, and their bytes are 33. */
  private static final long FACTOR = 64;

  private static final long MORE = 256;

  private Growth() {}

  /** The greatest length that a text of this many characters may get. */
  static long most(long original) {
    return MORE + FACTOR * original;
  }

  /**
   * Checks the length of a text.
   *
   * @throws IllegalArgumentException if it is too long
   */
  static void check(long length, long original) {
    if (length > most(original)) {
      throw new IllegalArgumentException(
          "the tokenizer makes " + length + " characters of " + original + " characters of a text, must be at most " + most(original));
    }
  }
}
