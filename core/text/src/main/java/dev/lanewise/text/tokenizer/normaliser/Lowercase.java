package dev.lanewise.text.tokenizer.normaliser;

/** Makes letters lower case, each by itself: Σ becomes σ, never ς, and İ becomes i with a dot above. */
public enum Lowercase implements Normaliser {
  /** The only instance. */
  INSTANCE;

  /** The only letter whose lower case has two characters. */
  private static final int DOTTED_CAPITAL_I = 0x130;

  private static final String DOTTED_I = "i\u0307";

  @Override
  public boolean dividesBeforeSpace() {
    return true;
  }

  @Override
  public AlignedText apply(AlignedText text) {
    String given = text.text();
    char[] changed = given.toCharArray();
    for (int i = 0; i < changed.length; i++) {
      char c = changed[i];
      if (c == DOTTED_CAPITAL_I) {
        return slowly(text);
      }
      if (Character.isHighSurrogate(c) && i + 1 < changed.length) {
        // The lower case of a letter is in the same plane.
        Character.toChars(Character.toLowerCase(given.codePointAt(i)), changed, i);
        i += Character.charCount(given.codePointAt(i)) - 1;
      } else {
        changed[i] = (char) Character.toLowerCase((int) c);
      }
    }
    return text.withText(new String(changed));
  }

  private static AlignedText slowly(AlignedText text) {
    String given = text.text();
    AlignedText.Builder builder = text.builder();
    for (int i = 0; i < given.length(); ) {
      int c = given.codePointAt(i);
      int next = i + Character.charCount(c);
      put(builder, c, i, next);
      i = next;
    }
    return builder.build();
  }

  /** Appends the lower case of a code point. */
  static void put(AlignedText.Builder builder, int c, int begin, int end) {
    if (c == DOTTED_CAPITAL_I) {
      builder.put(DOTTED_I, begin, end);
    } else {
      builder.put(Character.toLowerCase(c), begin, end);
    }
  }
}
