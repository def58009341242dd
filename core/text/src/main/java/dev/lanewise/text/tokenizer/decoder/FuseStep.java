package dev.lanewise.text.tokenizer.decoder;

/** Makes one token of all. Corresponds to the decoder {@code Fuse} of a tokenizer.json. */
public record FuseStep() implements DecoderStep {
  /** Starts a text. */
  static TokenSink open(TokenSink next) {
    return new TokenSink() {
      @Override
      public void text(String fragment) {
        next.text(fragment);
      }

      @Override
      public void endToken() {}

      @Override
      public void finish() {
        next.endToken();
        next.finish();
      }
    };
  }
}
