package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.SearchPattern;
import dev.lanewise.text.tokenizer.pieces.ByteAlphabet;
import java.util.function.Consumer;

/**
 * Writes each byte of a text in UTF-8 as one visible character, so that 256 pieces are enough for all texts: GPT-2's way, which Llama 3 and
 * Qwen share. A space becomes Ġ. Corresponds to the pre-tokenizer {@code ByteLevel} of a tokenizer.json.
 */
public final class ByteLevel implements Splitter {
  /** GPT-2's words: contractions, letters, digits or other characters with a space in front of them, and white space. */
  private static final SearchPattern WORDS =
      SearchPattern.ofRegex("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

  private final boolean addsPrefixSpace;
  private final boolean findsWords;

  /**
   * A splitter.
   *
   * @param addsPrefixSpace whether a space is put in front of a text that does not begin with one
   * @param findsWords whether the text is split into words as GPT-2 does it; otherwise it is one word
   */
  public ByteLevel(boolean addsPrefixSpace, boolean findsWords) {
    this.addsPrefixSpace = addsPrefixSpace;
    this.findsWords = findsWords;
  }

  @Override
  public void split(AlignedText text, Consumer<AlignedText> words) {
    if (text.length() == 0) {
      return;
    }
    AlignedText spaced = text;
    if (addsPrefixSpace && text.text().charAt(0) != ' ') {
      spaced = text.builder().put(" ", 0, Character.charCount(text.text().codePointAt(0))).copy(0, text.length()).build();
    }
    if (findsWords) {
      for (SearchPattern.Range word : WORDS.ranges(spaced.text(), spaced.budget())) {
        words.accept(bytes(spaced.slice(word.begin(), word.end())));
      }
    } else {
      words.accept(bytes(spaced));
    }
  }

  private static AlignedText bytes(AlignedText word) {
    String text = word.text();
    int length = text.length();
    char[] ascii = new char[length];
    int i = 0;
    while (i < length && text.charAt(i) < 0x80) {
      ascii[i] = ByteAlphabet.letter(text.charAt(i));
      i++;
    }
    if (i == length) {
      return word.withText(new String(ascii));
    }
    AlignedText.Builder bytes = word.builder();
    StringBuilder letters = new StringBuilder();
    for (int begin = 0; begin < length; ) {
      int c = text.codePointAt(begin);
      int end = begin + Character.charCount(c);
      letters.setLength(0);
      ByteAlphabet.append(c, letters);
      bytes.put(letters, begin, end);
      begin = end;
    }
    return bytes.build();
  }
}
