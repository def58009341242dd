package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.BertCharacters;
import dev.lanewise.text.tokenizer.normaliser.SearchPattern.Range;
import dev.lanewise.text.tokenizer.normaliser.Spaces;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** Splits at certain characters, each of which is a delimiter. */
public final class CharacterSplitter extends RangeSplitter {
  private final IntPredicate isDelimiter;
  private final boolean dividesBeforeSpace;

  private CharacterSplitter(IntPredicate isDelimiter, Delimiters delimiters, boolean dividesBeforeSpace) {
    super(delimiters);
    this.isDelimiter = isDelimiter;
    this.dividesBeforeSpace = dividesBeforeSpace;
  }

  /** Splits at white space, which is dropped. */
  public static CharacterSplitter atSpaces() {
    return new CharacterSplitter(Spaces::isSpace, Delimiters.REMOVED, true);
  }

  /** Splits at punctuation. */
  public static CharacterSplitter atPunctuation(Delimiters delimiters) {
    return new CharacterSplitter(c -> BertCharacters.is(c, BertCharacters.PUNCTUATION), delimiters, false);
  }

  /** Splits at numbers: decimal digits, letters of numbers, fractions. */
  public static CharacterSplitter atNumbers(boolean individualDigits) {
    return new CharacterSplitter(CharacterSplitter::isNumber, individualDigits ? Delimiters.ISOLATED : Delimiters.CONTIGUOUS, false);
  }

  /** Splits at one character, which is dropped. */
  public static CharacterSplitter at(int delimiter) {
    return new CharacterSplitter(c -> c == delimiter, Delimiters.REMOVED, false);
  }

  private static boolean isNumber(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
  }

  @Override
  public boolean dividesBeforeSpace() {
    return dividesBeforeSpace;
  }

  @Override
  List<Range> ranges(AlignedText aligned) {
    String text = aligned.text();
    List<Range> ranges = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (isDelimiter.test(c)) {
        if (begin < i) {
          ranges.add(new Range(begin, i, false));
        }
        ranges.add(new Range(i, next, true));
        begin = next;
      }
      i = next;
    }
    if (begin < text.length()) {
      ranges.add(new Range(begin, text.length(), false));
    }
    return ranges;
  }
}
