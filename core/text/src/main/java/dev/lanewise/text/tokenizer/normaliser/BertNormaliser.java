package dev.lanewise.text.tokenizer.normaliser;

import java.text.Normalizer;

/**
 * BERT's normalisation. Details follow Hugging Face's {@code BertNormalizer}: each letter becomes lower case by itself (Σ always σ, never
 * ς), and an unpaired surrogate counts as U+FFFD, which a clean text does not have.
 *
 * @param clean whether control characters are removed and all white space becomes spaces
 * @param separatesIdeographs whether spaces are put around the ideographs of Chinese and Japanese
 * @param stripsAccents whether the text is decomposed (NFD) and loses its non-spacing marks
 * @param lowercase whether letters become lower case
 */
public record BertNormaliser(boolean clean, boolean separatesIdeographs, boolean stripsAccents, boolean lowercase) implements Normaliser {
  /** Characters below do not decompose, and are no marks. */
  private static final char FIRST_COMPOSED = 0xc0;

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
      byte kind = BertCharacters.kind(c);
      if (clean && (kind & BertCharacters.CONTROL) != 0) {
        i = next;
        continue;
      }
      boolean apart = separatesIdeographs && (kind & BertCharacters.IDEOGRAPH) != 0;
      if (apart) {
        builder.put(' ', i, next);
      }
      if (clean && (kind & BertCharacters.SPACE) != 0) {
        builder.put(' ', i, next);
      } else if (c < FIRST_COMPOSED || !stripsAccents) {
        put(builder, c, i, next);
      } else {
        putStripped(builder, c, i, next);
      }
      if (apart) {
        builder.put(' ', i, next);
      }
      i = next;
    }
    return builder.build();
  }

  private void putStripped(AlignedText.Builder builder, int c, int begin, int end) {
    String decomposed = Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD);
    decomposed.codePoints().filter(part -> !BertCharacters.is(part, BertCharacters.MARK)).forEach(part -> put(builder, part, begin, end));
  }

  private void put(AlignedText.Builder builder, int c, int begin, int end) {
    builder.put(lowercase ? Character.toLowerCase(c) : c, begin, end);
  }
}
