package dev.lanewise.text.tokenizer.normaliser;

/** Removes marks, spacing and enclosing ones as well. It does not decompose: é, one code point, stays. */
public enum StripAccents implements Normaliser {
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
      if (!CodePoints.isMark(c)) {
        builder.copy(i, next);
      }
      i = next;
    }
    return builder.length() == given.length() ? text : builder.build();
  }
}
