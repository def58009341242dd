package dev.lanewise.text.tokenizer;

import dev.lanewise.testing.Sample;

/**
 * How much tests compare with the native tokenizer. A build compares some hundred texts of each kind, and of ideographs and other large
 * blocks of like characters every sixteenth block of 256. A thorough run has at least 10 000 texts of each kind, and every code point in
 * every context; {@code -Dlanewise.tokenizerTexts=10000} asks for the same.
 */
final class Depth {
  private static final int TEXTS = Integer.getInteger("lanewise.tokenizerTexts", Sample.extent() == Sample.Extent.THOROUGH ? 10_000 : 0);
  private static final int BLOCK = 256;
  private static final int SAMPLED = 16;

  /** Ideographs, syllables of Hangul, surrogates and private characters, old scripts of many signs, planes of ideographs. */
  private static final int[][] LARGE = {{0x3400, 0x9f00}, {0xac00, 0xd700}, {0xe000, 0xf900}, {0x12000, 0x1af00}, {0x20000, 0xe0000}};

  private Depth() {}

  /** The number of texts of a kind. */
  static int texts(int fewest) {
    return Math.max(TEXTS, Sample.extent() == Sample.Extent.QUICK ? Math.ceilDiv(fewest, 5) : fewest);
  }

  /** Whether everything is compared that takes long. */
  static boolean isWhole() {
    return TEXTS > 0;
  }

  /** Whether the code points from this multiple of 256 on are compared. */
  static boolean compares(int first) {
    if (isWhole() || first / BLOCK % SAMPLED == 0) {
      return true;
    }
    for (int[] range : LARGE) {
      if (first > range[0] && first < range[1]) {
        return false;
      }
    }
    return true;
  }
}
