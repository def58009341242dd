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
  private static final int ASCII = 0x80;

  /** The mark with the highest combining class but one: other marks with a class are put in front of it. */
  private static final String LAST_MARK = "\u0345";

  @Override
  public boolean dividesBeforeSpace() {
    return true;
  }

  @Override
  public AlignedText apply(AlignedText text) {
    String given = text.text();
    int plain = 0;
    while (plain < given.length() && isPlain(given.charAt(plain))) {
      plain++;
    }
    if (plain == given.length()) {
      return plain(text);
    }
    AlignedText.Builder builder = text.builder();
    boolean reorders = false;
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
      } else if (c < ASCII || !stripsAccents) {
        put(builder, c, i, next);
      } else {
        reorders |= kind == 0 && changesPlaces(c);
        putStripped(builder, c, kind, i, next);
      }
      if (apart) {
        builder.put(' ', i, next);
      }
      i = next;
    }
    return reorders ? inSteps(text) : builder.build();
  }

  /** Printable ASCII and simple white space. */
  private static boolean isPlain(char c) {
    return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t' || c == '\r';
  }

  private AlignedText plain(AlignedText text) {
    if (!clean && !lowercase) {
      return text;
    }
    String given = text.text();
    char[] changed = new char[given.length()];
    for (int i = 0; i < changed.length; i++) {
      char c = given.charAt(i);
      changed[i] = lowercase && c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : clean && c < ' ' ? ' ' : c;
    }
    return text.withText(new String(changed));
  }

  private void putStripped(AlignedText.Builder builder, int c, byte kind, int begin, int end) {
    String decomposed = Decomposition.NFD.of(c);
    if (decomposed == null) {
      if ((kind & BertCharacters.MARK) == 0) {
        put(builder, c, begin, end);
      }
      return;
    }
    for (int i = 0; i < decomposed.length(); ) {
      int part = decomposed.codePointAt(i);
      if (!BertCharacters.is(part, BertCharacters.MARK)) {
        put(builder, part, begin, end);
      }
      i += Character.charCount(part);
    }
  }

  private void put(AlignedText.Builder builder, int c, int begin, int end) {
    if (lowercase) {
      Lowercase.put(builder, c, begin, end);
    } else {
      builder.put(c, begin, end);
    }
  }

  /** Tells whether a mark that is not stripped may change places with others. There are few of them, such as tone marks of Hangul. */
  private static boolean changesPlaces(int c) {
    return CodePoints.isMark(c) && !Normalizer.isNormalized(LAST_MARK + Character.toString(c), Normalizer.Form.NFD);
  }

  /** One step after another, as the definition has it. */
  private AlignedText inSteps(AlignedText text) {
    AlignedText separated = new BertNormaliser(clean, separatesIdeographs, false, false).apply(text);
    AlignedText decomposed = UnicodeForm.NFD.apply(separated);
    String given = decomposed.text();
    AlignedText.Builder builder = decomposed.builder();
    for (int i = 0; i < given.length(); ) {
      int c = given.codePointAt(i);
      int next = i + Character.charCount(c);
      if (!BertCharacters.is(c, BertCharacters.MARK)) {
        put(builder, c, i, next);
      }
      i = next;
    }
    return builder.build();
  }
}
