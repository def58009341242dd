package dev.lanewise.text.tokenizer;

import java.text.Normalizer;
import org.jspecify.annotations.Nullable;

/**
 * BERT's basic tokenisation: the words of a text one after the other. White space ends a word, control characters are dropped, what is left
 * is decomposed (NFD) and loses its accents, ideographs and punctuation are words of their own, and everything becomes lower case.
 *
 * <p>As Hugging Face's {@code BertNormalizer} and {@code BertPreTokenizer} do it: each letter becomes lower case on its own (Σ always σ,
 * never ς), and half of a surrogate pair counts as U+FFFD, which is dropped.
 */
final class BertWords {
  /** Nothing below it decomposes. */
  private static final char FIRST_COMPOSED = 0xc0;

  /**
   * A longer run is decomposed in parts, each up to a code point that is no mark, in which case its parts are those of the whole; or this
   * long, if there are nothing but marks. Putting marks in order takes time as the square of their number: 158 s for 1 MB of them.
   */
  private static final int LONG_RUN = 512;

  private static final int MOST_MARKS = 2 * LONG_RUN;

  private final String text;
  private final int end;
  private int position;

  /** What stands between two white spaces, or a part of it, decomposed. */
  private String run = "";

  /** Whether the run goes on behind this part. */
  private boolean cut;

  private int runPosition;
  private final StringBuilder word = new StringBuilder();

  /** The words between two indices of a text. */
  BertWords(String text, int begin, int end) {
    this.text = text;
    this.position = begin;
    this.end = end;
  }

  /** The next word, which is not empty; null behind the last one. */
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

  /** Turns to the next run, or part of one; whether there may be more. */
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

  /** Whether it may change its place among its neighbours when they are decomposed. */
  private static boolean isMark(int codePoint) {
    int type = Character.getType(codePoint);
    return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK || type == Character.ENCLOSING_MARK;
  }

  private static boolean isSpace(int codePoint) {
    return BertCharacters.kind(codePoint) == BertCharacters.SPACE;
  }
}
