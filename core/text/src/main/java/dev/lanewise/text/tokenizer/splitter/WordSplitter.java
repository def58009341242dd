package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import dev.lanewise.text.tokenizer.normaliser.Spaces;
import java.util.function.Consumer;

/** Splits into runs of letters and digits, and runs of other characters that are no white space: {@code \w+|[^\w\s]+}. */
public enum WordSplitter implements Splitter {
  /** The only instance. */
  INSTANCE;

  private enum Kind {
    SPACE,
    WORD,
    OTHER
  }

  @Override
  public boolean dividesBeforeSpace() {
    return true;
  }

  @Override
  public void split(AlignedText text, Consumer<AlignedText> words) {
    String given = text.text();
    int begin = 0;
    Kind kind = Kind.SPACE;
    for (int i = 0; i < given.length(); ) {
      int c = given.codePointAt(i);
      Kind next = Spaces.isSpace(c) ? Kind.SPACE : Spaces.isWord(c) ? Kind.WORD : Kind.OTHER;
      if (next != kind) {
        if (kind != Kind.SPACE) {
          words.accept(text.slice(begin, i));
        }
        begin = i;
        kind = next;
      }
      i += Character.charCount(c);
    }
    if (kind != Kind.SPACE) {
      words.accept(text.slice(begin, given.length()));
    }
  }
}
