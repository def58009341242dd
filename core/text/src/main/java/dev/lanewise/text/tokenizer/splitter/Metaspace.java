package dev.lanewise.text.tokenizer.splitter;

import dev.lanewise.text.tokenizer.normaliser.AlignedText;
import java.util.function.Consumer;

/**
 * Writes spaces as a visible character, mostly ▁ (U+2581), puts one in front of the text, and splits in front of each. Corresponds to the
 * pre-tokenizer {@code Metaspace} of a tokenizer.json, which goes with SentencePiece's vocabularies.
 */
public final class Metaspace implements Splitter {
  /** Where the visible space is put in front of a text that does not begin with one. */
  public enum Prepend {
    /** Only at the beginning of the whole text. */
    FIRST,

    /** Also behind each special token in the text. */
    ALWAYS,

    /** Nowhere. */
    NEVER
  }

  private final String replacement;
  private final Prepend prepend;
  private final boolean splits;

  /**
   * A splitter.
   *
   * @param replacement code point that stands for a space
   * @param splits whether each visible space begins a word; otherwise the text is one word
   */
  public Metaspace(int replacement, Prepend prepend, boolean splits) {
    this.replacement = Character.toString(replacement);
    this.prepend = prepend;
    this.splits = splits;
  }

  @Override
  public void split(AlignedText text, Consumer<AlignedText> words) {
    if (text.length() == 0) {
      return;
    }
    AlignedText visible = visible(text);
    if (!splits) {
      words.accept(visible);
      return;
    }
    int from = 0;
    while (from < visible.length()) {
      int next = visible.text().indexOf(replacement, from + 1);
      int end = next < 0 ? visible.length() : next;
      words.accept(visible.slice(from, end));
      from = end;
    }
  }

  private AlignedText visible(AlignedText text) {
    String spaces = text.text();
    boolean begins = spaces.charAt(0) == ' ' || spaces.startsWith(replacement);
    boolean prepends =
        !begins
            && switch (prepend) {
              case FIRST -> text.begin() == 0;
              case ALWAYS -> true;
              case NEVER -> false;
            };
    if (!prepends && spaces.indexOf(' ') < 0) {
      return text;
    }
    AlignedText.Builder visible = text.builder();
    if (prepends) {
      visible.put(replacement, 0, Character.charCount(spaces.codePointAt(0)));
    }
    int from = 0;
    for (int at = spaces.indexOf(' '); at >= 0; at = spaces.indexOf(' ', from)) {
      visible.copy(from, at).put(replacement, at, at + 1);
      from = at + 1;
    }
    return visible.copy(from, spaces.length()).build();
  }
}
