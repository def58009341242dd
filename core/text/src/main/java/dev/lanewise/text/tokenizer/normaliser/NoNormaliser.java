package dev.lanewise.text.tokenizer.normaliser;

/** Leaves a text as it is. */
public enum NoNormaliser implements Normaliser {
  /** The only instance. */
  INSTANCE;

  @Override
  public AlignedText apply(AlignedText text) {
    return text;
  }

  @Override
  public boolean dividesBeforeSpace() {
    return true;
  }
}
