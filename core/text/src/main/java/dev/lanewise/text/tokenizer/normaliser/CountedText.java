package dev.lanewise.text.tokenizer.normaliser;

import java.util.regex.Pattern;

/** A text whose budget pays for each look of a search at a character. */
final class CountedText implements CharSequence {
  private final String text;
  private final Pattern pattern;
  private final TextBudget budget;

  CountedText(String text, Pattern pattern, TextBudget budget) {
    this.text = text;
    this.pattern = pattern;
    this.budget = budget;
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public char charAt(int index) {
    budget.look(pattern);
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
