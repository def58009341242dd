package dev.lanewise.text.tokenizer.normaliser;

/**
 * Removes control characters, and makes spaces of line ends, joiners and other characters that cannot be seen. Corresponds to the
 * normalizer {@code Nmt} of a tokenizer.json, which SentencePiece's rules for translation have.
 */
public enum Nmt implements Normaliser {
  /** The only instance. */
  INSTANCE;

  @Override
  public boolean dividesBeforeSpace() {
    return true;
  }

  @Override
  public AlignedText apply(AlignedText text) {
    String given = text.text();
    AlignedText.Builder builder = text.builder();
    for (int i = 0; i < given.length(); ) {
      int c = given.codePointAt(i);
      int next = i + Character.charCount(c);
      if (becomesSpace(c)) {
        builder.put(' ', i, next);
      } else if (!isRemoved(c)) {
        builder.copy(i, next);
      }
      i = next;
    }
    return builder.build();
  }

  private static boolean isRemoved(int c) {
    return (c >= 0x1 && c <= 0x8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f || c == 0x9f;
  }

  /** Half a surrogate pair counts as U+FFFD. */
  private static boolean becomesSpace(int c) {
    return switch (c) {
      case '\t', '\n', '\f', '\r', 0x1680, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd -> true;
      default -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    };
  }
}
