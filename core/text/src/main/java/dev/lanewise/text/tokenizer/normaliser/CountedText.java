package dev.lanewise.text.tokenizer.normaliser;

import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.text.json.ForeignJson;
import java.util.regex.Pattern;

/**
 * A text that counts how often a search looks at its characters. A regular expression of a file may take exponential time, and the JDK has
 * no limit for it.
 */
final class CountedText implements CharSequence {
  /** Looks at each character. The expressions of GPT-2, GPT-4 and GPT-4o need up to 9, whatever the text is. */
  private static final long MOST_OF_CHARACTER = 500;

  private static final long MOST_OF_TEXT = 1_000_000;

  /** Looks between two checks of the interrupt. */
  private static final int CHECKED = (1 << 16) - 1;

  private final String text;
  private final Pattern pattern;
  private long left;

  CountedText(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
    this.left = MOST_OF_TEXT + MOST_OF_CHARACTER * text.length();
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public char charAt(int index) {
    left--;
    if ((left & CHECKED) == 0) {
      check();
    }
    return text.charAt(index);
  }

  private void check() {
    Interruption.check();
    if (left <= 0) {
      throw new IllegalArgumentException(
          "text of "
              + text.length()
              + " characters takes too long to search with the regular expression "
              + ForeignJson.shown(pattern.pattern()));
    }
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return text.substring(start, end);
  }

  @Override
  public String toString() {
    return text;
  }
}
