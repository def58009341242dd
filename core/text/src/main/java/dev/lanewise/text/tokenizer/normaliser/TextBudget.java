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
    return Growth.most(characters);
  }

  /**
   * Counts a look at a character.
   *
   * @throws IllegalArgumentException if it is one too many
   */
  void look(Pattern pattern) {
    left--; // by one, so that no multiple is passed over
    if ((left & CHECKED) == 0) {
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
}
