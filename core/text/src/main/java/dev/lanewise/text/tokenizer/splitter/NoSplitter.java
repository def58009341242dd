package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import java.util.function.Consumer;

/** Takes the whole text as one word. */
public enum NoSplitter implements Splitter {
  /** The only instance. */
  INSTANCE;

  @Override
  public void split(AlignedText text, Consumer<AlignedText> words) {
    words.accept(text);
  }
}
