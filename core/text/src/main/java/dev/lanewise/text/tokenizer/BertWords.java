package dev.lanewise.text.tokenizer;

import java.text.Normalizer;
import org.jspecify.annotations.Nullable;

/**
 * BERT's basic tokenisation, which returns the words of a text one after another. White space separates words. Control characters are
 * removed. The rest is decomposed (NFD) and loses its accents, ideographs and punctuation become words of their own, and everything becomes
 * lower case.
 *
 * <p>Details follow Hugging Face's {@code BertNormalizer} and {@code BertPreTokenizer}: each letter becomes lower case by itself (Σ always
 * σ, never ς), and an unpaired surrogate counts as U+FFFD, which is removed.
 */
final class BertWords {
  /** Characters below do not decompose. */
  private static final char FIRST_COMPOSED = 0xc0;

  /**
   * Maximum length of a run that is decomposed at once. A longer run is divided before a code point that is no mark, so that its parts
   * decompose as the whole would, or at this length if there are only marks. Ordering marks takes quadratic time: 158 s for 1 MB of them.
   */
  private static final int LONG_RUN = 512;

  private static final int MOST_MARKS = 2 * LONG_RUN;

  private final String text;
  private final int end;
  private int position;

  /** The text between two white spaces, or a part of it, decomposed. */
  private String run = "";

  /** Whether the run continues after this part. */
  private boolean cut;

  private int runPosition;
  private final StringBuilder word = new StringBuilder();

  /** The words between two indices of a text. */
  BertWords(String text, int begin, int end) {
    this.text = text;
    this.position = begin;
    this.end = end;
  }

  /** Returns the next word, which is not empty; null after the last one. */
  @Nullable String next() {
    while (true) {
      while (runPosition < run.length()) {
        int c = run.codePointAt(runPosition);
        byte kind = BertCharacters.kind(c);
        if (kind == BertCharacters.APART && !word.isEmpty()) {
          return takeWord();
        }
        runPosition += Character.charCount(c);
        if (kind == BertCharacters.LETTER || kind == BertCharacters.APART) {
          word.appendCodePoint(Character.toLowerCase(c));
        }
        if (kind == BertCharacters.APART) {
          return takeWord();
        }
      }
      if (!word.isEmpty() && !cut) {
        return takeWord();
      }
      if (!nextRun() && word.isEmpty()) {
        return null;
      }
    }
  }

  private String takeWord() {
    String taken = word.toString();
    word.setLength(0);
    return taken;
  }

  /** Moves to the next run, or to the next part of a run. Returns false at the end of the text. */
  private boolean nextRun() {
    if (!cut) {
      while (position < end && isSpace(text.codePointAt(position))) {
        position += Character.charCount(text.codePointAt(position));
      }
    }
    int begin = position;
    boolean composed = false;
    cut = false;
    while (position < end && !cut && !isSpace(text.codePointAt(position))) {
      composed |= text.charAt(position) >= FIRST_COMPOSED;
      position += Character.charCount(text.codePointAt(position));
      int length = position - begin;
      cut = length >= MOST_MARKS || (length >= LONG_RUN && position < end && !isMark(text.codePointAt(position)));
    }
    String found = text.substring(begin, position);
    run = composed ? Normalizer.normalize(found, Normalizer.Form.NFD) : found;
    runPosition = 0;
    return !found.isEmpty() || position < end;
  }

  /** Tells whether decomposition may reorder this code point among its neighbours. */
  private static boolean isMark(int codePoint) {
    int type = Character.getType(codePoint);
    return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK || type == Character.ENCLOSING_MARK;
  }

  private static boolean isSpace(int codePoint) {
    return BertCharacters.kind(codePoint) == BertCharacters.SPACE;
  }
}
