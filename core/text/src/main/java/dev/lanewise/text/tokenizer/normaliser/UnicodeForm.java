package dev.lanewise.text.tokenizer.normaliser;

import java.text.Normalizer;

/** One of the four Unicode normalisation forms, with the alignment that Hugging Face's tokenizers give them. */
public enum UnicodeForm implements Normaliser {
  /** Canonical decomposition: é becomes e and an accent. */
  NFD(Normalizer.Form.NFD, false, false),

  /** Canonical decomposition, then composition. */
  NFC(Normalizer.Form.NFC, false, true),

  /** Compatibility decomposition: ﬁ becomes f and i. */
  NFKD(Normalizer.Form.NFKD, true, false),

  /** Compatibility decomposition, then composition. */
  NFKC(Normalizer.Form.NFKC, true, true);

  private final Normalizer.Form form;
  private final boolean compatible;
  private final boolean composes;

  UnicodeForm(Normalizer.Form form, boolean compatible, boolean composes) {
    this.form = form;
    this.compatible = compatible;
    this.composes = composes;
  }

  @Override
  public boolean dividesBeforeSpace() {
    return true;
  }

  @Override
  public AlignedText apply(AlignedText text) {
    if (isPlain(text.text()) || (!CodePoints.hasLongRun(text.text()) && Normalizer.isNormalized(text.text(), form))) {
      return text;
    }
    CodePoints points = CodePoints.decomposed(text.text(), compatible ? Decomposition.NFKD : Decomposition.NFD);
    return (composes ? Composition.composed(points) : points).align(text);
  }

  /** Tells whether a text is ASCII, which no form changes. */
  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }
}
