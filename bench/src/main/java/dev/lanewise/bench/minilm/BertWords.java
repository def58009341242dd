package dev.lanewise.bench.minilm;

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

  private final String text;
  private final int end;
  private int position;

  /** What stands between two white spaces, decomposed. */
  private String run = "";

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
      if (!word.isEmpty()) {
        return takeWord();
      }
      if (!nextRun()) {
        return null;
      }
    }
  }

  private String takeWord() {
    String taken = word.toString();
    word.setLength(0);
    return taken;
  }

  private boolean nextRun() {
    while (position < end && isSpace(text.codePointAt(position))) {
      position += Character.charCount(text.codePointAt(position));
    }
    int begin = position;
    boolean composed = false;
    while (position < end && !isSpace(text.codePointAt(position))) {
      composed |= text.charAt(position) >= FIRST_COMPOSED;
      position += Character.charCount(text.codePointAt(position));
    }
    String found = text.substring(begin, position);
    run = composed ? Normalizer.normalize(found, Normalizer.Form.NFD) : found;
    runPosition = 0;
    return !found.isEmpty();
  }

  private static boolean isSpace(int codePoint) {
    return BertCharacters.kind(codePoint) == BertCharacters.SPACE;
  }
}
