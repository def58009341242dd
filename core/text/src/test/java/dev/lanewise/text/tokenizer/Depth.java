package dev.lanewise.text.tokenizer;

import dev.lanewise.testing.Sample;

/**
 * How much tests compare with the native tokenizer. A build compares some hundred texts of each kind, and of ideographs and other large
 * blocks of like characters every sixteenth block of 256. Where many files compare code points, the blocks of common characters are
 * compared by each file, and each other block by every third file. A thorough run has at least 10 000 texts of each kind, and every code
 * point in every context; {@code -Dlanewise.tokenizerTexts=10000} asks for the same.
 */
final class Depth {
  private static final int TEXTS = Integer.getInteger("lanewise.tokenizerTexts", Sample.extent() == Sample.Extent.THOROUGH ? 10_000 : 0);
  private static final int BLOCK = 256;
  private static final int SAMPLED = 16;

  /** Ideographs, syllables of Hangul, surrogates and private characters, old scripts of many signs, planes of ideographs. */
  private static final int[][] LARGE = {{0x3400, 0x9f00}, {0xac00, 0xd700}, {0xe000, 0xf900}, {0x12000, 0x1af00}, {0x20000, 0xe0000}};

  /** Latin, Greek and Cyrillic letters with their marks; punctuation and symbols; kana; forms of compatibility. */
  private static final int[][] COMMON = {{0, 0x600}, {0x1e00, 0x2200}, {0x3000, 0x3200}, {0xfb00, 0x10000}};

  private static final int FILES = 3;

  private Depth() {}

  /** The number of texts of a kind: a part of these, as {@link Sample#count} has it. */
  static int texts(int fewest) {
    return Math.max(TEXTS, Sample.count(fewest));
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
    // A block that begins a range is compared, and so is the one behind it.
    return !isIn(LARGE, first) || !isIn(LARGE, first - 1);
  }

  /** Whether one of many files, the one with this number, is compared on the code points from this multiple of 256 on. */
  static boolean compares(int first, int file) {
    return compares(first) && (isWhole() || isIn(COMMON, first) || Math.floorMod(first / BLOCK + file, FILES) == 0);
  }

  private static boolean isIn(int[][] ranges, int c) {
    for (int[] range : ranges) {
      if (c >= range[0] && c < range[1]) {
        return true;
      }
    }
    return false;
  }
}
