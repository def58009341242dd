package dev.lanewise.text.tokenizer.normaliser;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A text that was made from an original text, and for each of its UTF-16 characters the range of the original that it comes from. Indices
 * of the original are UTF-16 indices, too. Immutable, except for the {@link TextBudget} that all texts of one original share: use them on
 * one thread.
 *
 * <p>Characters that were removed have no range. Two characters may share a range: é becomes e and an accent, and both come from é.
 */
public final class AlignedText {
  private final String text;

  /** Index in the original where this text begins, even if its first characters were removed. */
  private final int begin;

  /** Ranges of the characters from {@link #from} on; null if they are those of an unchanged text that begins at {@link #begin}. */
  private final int @Nullable [] starts;

  private final int @Nullable [] ends;
  private final int from;
  private final TextBudget budget;

  private AlignedText(String text, int begin, int @Nullable [] starts, int @Nullable [] ends, int from, TextBudget budget) {
    this.text = text;
    this.begin = begin;
    this.starts = starts;
    this.ends = ends;
    this.from = from;
    this.budget = budget;
  }

  /**
   * A part of an original text, unchanged. Both halves of a surrogate pair have the range of the pair.
   *
   * @param budget that of the original, to which the characters of the part are added
   */
  public static AlignedText of(String original, int begin, int end, TextBudget budget) {
    budget.add(end - begin);
    String part = original.substring(begin, end);
    int length = part.length();
    int pair = firstPair(part);
    if (pair == length) {
      return new AlignedText(part, begin, null, null, 0, budget);
    }
    int[] starts = new int[length];
    int[] ends = new int[length];
    for (int i = 0; i < length; ) {
      int next = i + Character.charCount(part.codePointAt(i));
      Arrays.fill(starts, i, next, begin + i);
      Arrays.fill(ends, i, next, begin + next);
      i = next;
    }
    return new AlignedText(part, begin, starts, ends, 0, budget);
  }

  private static int firstPair(String text) {
    int i = 0;
    while (i < text.length() && !Character.isHighSurrogate(text.charAt(i))) {
      i++;
    }
    return i;
  }

  /** The text itself. */
  public String text() {
    return text;
  }

  /** Number of UTF-16 characters. */
  public int length() {
    return text.length();
  }

  /** Index in the original at which this text begins; 0 means that nothing of the original is in front of it. */
  public int begin() {
    return begin;
  }

  /** Index in the original at which the range of this character begins. */
  public int start(int index) {
    return starts == null ? begin + index : starts[from + index];
  }

  /** Index in the original at which the range of this character ends. */
  public int end(int index) {
    return ends == null ? begin + index + 1 : ends[from + index];
  }

  /** The budget of the original. */
  public TextBudget budget() {
    return budget;
  }

  /** Number of characters of the original that this text comes from. */
  int originalLength() {
    return text.isEmpty() ? 0 : Math.max(0, end(text.length() - 1) - start(0));
  }

  /** A part of this text with the ranges of its characters. */
  public AlignedText slice(int start, int end) {
    if (start == 0 && end == text.length()) {
      return this;
    }
    int original = start == 0 ? begin : start < text.length() ? start(start) : text.isEmpty() ? begin : end(text.length() - 1);
    return starts == null
        ? new AlignedText(text.substring(start, end), original, null, null, 0, budget)
        : new AlignedText(text.substring(start, end), original, starts, ends, from + start, budget);
  }

  /** The same ranges under another text of the same length, for instance in lower case. */
  public AlignedText withText(String sameLength) {
    if (sameLength.length() != text.length()) {
      throw new IllegalArgumentException("sameLength has " + sameLength.length() + " characters, must have " + text.length());
    }
    return new AlignedText(sameLength, begin, starts, ends, from, budget);
  }

  /** Starts an empty text that will be made from this one. */
  public Builder builder() {
    return new Builder(this);
  }

  /** Builder of a text that is made from another one, from left to right. What is not copied is removed. */
  public static final class Builder {
    private final AlignedText source;
    private final StringBuilder text;
    private int[] starts;
    private int[] ends;

    private Builder(AlignedText source) {
      this.source = source;
      int capacity = source.length() + source.length() / 8 + 16;
      text = new StringBuilder(capacity);
      starts = new int[capacity];
      ends = new int[capacity];
    }

    /** Number of characters so far. */
    public int length() {
      return text.length();
    }

    /** Copies characters of the source with their ranges. */
    public Builder copy(int begin, int end) {
      int at = text.length();
      text.append(source.text, begin, end);
      grow();
      for (int i = begin; i < end; i++, at++) {
        starts[at] = source.start(i);
        ends[at] = source.end(i);
      }
      return this;
    }

    /** Appends a new text that comes from these characters of the source, of which there must be at least one. */
    public Builder put(CharSequence added, int begin, int end) {
      int at = text.length();
      text.append(added);
      align(at, source.start(begin), source.end(end - 1));
      return this;
    }

    /** Appends a code point that comes from these characters of the source, of which there must be at least one. */
    public Builder put(int codePoint, int begin, int end) {
      int at = text.length();
      text.appendCodePoint(codePoint);
      align(at, source.start(begin), source.end(end - 1));
      return this;
    }

    /** Appends a new text with a range of the original. */
    public Builder putAt(CharSequence added, int originalStart, int originalEnd) {
      int at = text.length();
      text.append(added);
      align(at, originalStart, originalEnd);
      return this;
    }

    /** Removes the characters from an index of the new text on. */
    public Builder cut(int length) {
      text.setLength(length);
      return this;
    }

    private void align(int at, int start, int end) {
      grow();
      Arrays.fill(starts, at, text.length(), start);
      Arrays.fill(ends, at, text.length(), end);
    }

    private void grow() {
      if (text.length() > starts.length) {
        TextBudget.checkMade(text.length(), source.originalLength());
        int capacity = text.length() + text.length() / 2;
        starts = Arrays.copyOf(starts, capacity);
        ends = Arrays.copyOf(ends, capacity);
      }
    }

    /** The text so far. */
    public AlignedText build() {
      return new AlignedText(text.toString(), source.begin, starts, ends, 0, source.budget);
    }
  }
}
