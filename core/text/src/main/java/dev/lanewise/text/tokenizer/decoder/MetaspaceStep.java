package dev.lanewise.text.tokenizer.decoder;

/**
 * Writes the visible space as a space again, and drops it from the first token. Corresponds to the decoder {@code Metaspace} of a
 * tokenizer.json.
 *
 * @param replacement code point that stands for a space
 * @param dropsFirst whether it is dropped from the first token, because the tokenizer put one there
 */
public record MetaspaceStep(int replacement, boolean dropsFirst) implements DecoderStep {
  /** Starts a text. */
  TokenSink open(TokenSink next) {
    String visible = Character.toString(replacement);
    return new TokenSink() {
      private boolean drops = dropsFirst;

      @Override
      public void text(String fragment) {
        next.text(fragment.replace(visible, drops ? "" : " "));
      }

      @Override
      public void endToken() {
        drops = false;
        next.endToken();
      }

      @Override
      public void finish() {
        next.finish();
      }
    };
  }
}
