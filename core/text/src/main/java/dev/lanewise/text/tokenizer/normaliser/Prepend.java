package dev.lanewise.text.tokenizer.normaliser;

/** Puts a text in front of another one, unless that is empty. The range of what was put there is that of the first character. */
public record Prepend(String prefix) implements Normaliser {
  @Override
  public AlignedText apply(AlignedText text) {
    if (text.length() == 0 || prefix.isEmpty()) {
      return text;
    }
    int first = Character.charCount(text.text().codePointAt(0));
    return text.builder().put(prefix, 0, first).copy(0, text.length()).build();
  }
}
