package dev.lanewise.text.tokenizer.normaliser;

import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.text.json.ForeignJson;
import java.util.regex.Pattern;

/**
 * The limits of one text: how often all its searches together may look at a character, and how long what is made of it may be. A regular
 * expression of a file may take exponential time, for which the JDK has no limit, and a file may search each word of a text many times.
 * Mutable, for one thread; the parts of a text and what is made of them share it.
 */
public final class TextBudget {
  /** Looks for each character. The expressions of GPT-2, GPT-4 and GPT-4o need up to 9, whatever the text is. */
  private static final long MOST_OF_CHARACTER = 500;

  private static final long MOST_OF_TEXT = 1_000_000;

  /** Looks between two checks of the interrupt. */
  private static final int CHECKED = (1 << 16) - 1;

  /** Largest factor of growth; a compatibility character of Unicode becomes 18 others, and their bytes are 33. */
  private static final long FACTOR = 64;

  private static final long MORE = 256;

  private long characters;
  private long left = MOST_OF_TEXT;

  /** The budget of a text of which no character has been read yet. */
  public TextBudget() {}

  /** Adds the characters of the next part of the text. */
  public void add(int count) {
    characters += count;
    left += MOST_OF_CHARACTER * count;
  }

  /** The greatest length of what is made of the characters so far. */
  public long mostMade() {
    return most(characters);
  }

  private static long most(long original) {
    return MORE + FACTOR * original;
  }

  /**
   * Checks the length of what is made of some characters: rules after one another may double a text again and again.
   *
   * @throws IllegalArgumentException if it is too long
   */
  static void checkMade(long length, long original) {
    if (length > most(original)) {
      throw new IllegalArgumentException(
          "the tokenizer makes " + length + " characters of " + original + " characters of a text, must be at most " + most(original));
    }
  }

  /**
   * A text in which a pattern is searched. Each look at one of its characters is counted.
   *
   * @throws IllegalArgumentException if a look is one too many
   */
  CharSequence counted(String text, Pattern pattern) {
    return new Counted(text, pattern);
  }

  /**
   * Counts a search that takes time without a look at its text.
   *
   * @param looks the number of looks that take the same time
   * @throws IllegalArgumentException if they are too many
   */
  void spend(long looks, Pattern pattern) {
    if (looks > 0) {
      left -= looks;
      check(pattern);
    }
  }

  private void look(Pattern pattern) {
    left--; // by one, so that no multiple is passed over
    if (left <= 0 || (left & CHECKED) == 0) {
      check(pattern);
    }
  }

  private void check(Pattern pattern) {
    Interruption.check();
    if (left <= 0) {
      throw new IllegalArgumentException(
          "text of "
              + characters
              + " characters takes too long to search, at last with the regular expression "
              + ForeignJson.shown(pattern.pattern()));
    }
  }

  /** A text that pays for each look at its characters. */
  private final class Counted implements CharSequence {
    private final String text;
    private final Pattern pattern;

    Counted(String text, Pattern pattern) {
      this.text = text;
      this.pattern = pattern;
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      look(pattern);
      return text.charAt(index);
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
}
