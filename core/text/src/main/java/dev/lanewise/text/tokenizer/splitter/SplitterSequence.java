package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import java.util.List;
import java.util.function.Consumer;

/** Splitters one after another: each splits the words of the one before it. */
public record SplitterSequence(List<Splitter> splitters) implements Splitter {
  /** Copies the list. */
  public SplitterSequence {
    splitters = List.copyOf(splitters);
  }

  @Override
  public boolean dividesBeforeSpace() {
    return splitters.stream().allMatch(Splitter::dividesBeforeSpace);
  }

  @Override
  public void split(AlignedText text, Consumer<AlignedText> words) {
    split(text, 0, words);
  }

  private void split(AlignedText text, int from, Consumer<AlignedText> words) {
    if (from == splitters.size()) {
      words.accept(text);
    } else {
      splitters.get(from).split(text, word -> split(word, from + 1, words));
    }
  }
}
