package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.BertCharacters;
import java.util.function.Consumer;

/** Splits at white space, which is dropped, and around punctuation, as Hugging Face's {@code BertPreTokenizer} does. */
public record BertSplitter() implements Splitter {
  @Override
  public boolean dividesBeforeSpace() {
    return true;
  }

  @Override
  public void split(AlignedText text, Consumer<AlignedText> words) {
    String given = text.text();
    int begin = 0;
    for (int i = 0; i < given.length(); ) {
      int c = given.codePointAt(i);
      int next = i + Character.charCount(c);
      byte kind = BertCharacters.kind(c);
      if ((kind & (BertCharacters.SPACE | BertCharacters.PUNCTUATION)) != 0) {
        if (begin < i) {
          words.accept(text.slice(begin, i));
        }
        if ((kind & BertCharacters.PUNCTUATION) != 0) {
          words.accept(text.slice(i, next));
        }
        begin = next;
      }
      i = next;
    }
    if (begin < given.length()) {
      words.accept(text.slice(begin, given.length()));
    }
  }
}
