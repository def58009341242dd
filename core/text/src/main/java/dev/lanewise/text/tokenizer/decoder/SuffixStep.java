package dev.lanewise.text.tokenizer.decoder;

import org.jspecify.annotations.Nullable;

/**
 * Replaces the mark of a word's end by a space, and removes it from the last token. Corresponds to the decoder {@code BPEDecoder} of a
 * tokenizer.json.
 *
 * @param suffix the mark, as {@code </w>}
 */
public record SuffixStep(String suffix) implements DecoderStep {
  /** Starts a text. */
  TokenSink open(TokenSink next) {
    return new WholeTokens() {
      private @Nullable String last;

      @Override
      public void token(String token) {
        if (last != null) {
          next.token(last.replace(suffix, " "));
        }
        last = token;
      }

      @Override
      public void finish() {
        if (last != null) {
          next.token(last.replace(suffix, ""));
        }
        next.finish();
      }
    };
  }
}
