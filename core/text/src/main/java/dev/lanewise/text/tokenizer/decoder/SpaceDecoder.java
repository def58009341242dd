package dev.lanewise.text.tokenizer.decoder;

import java.util.function.Consumer;

/** Puts a space between tokens, as is done if a file names no decoder. */
public final class SpaceDecoder implements Decoder {
  @Override
  public Run start() {
    return new Run() {
      private boolean begun;

      @Override
      public void accept(String part, Consumer<String> next) {
        next.accept(begun ? " " + part : part);
        begun = true;
      }

      @Override
      public void finish(Consumer<String> next) {}
    };
  }
}
