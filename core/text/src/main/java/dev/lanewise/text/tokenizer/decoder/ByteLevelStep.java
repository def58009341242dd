package dev.lanewise.text.tokenizer.decoder;

import dev.lanewise.text.tokenizer.pieces.ByteAlphabet;
import java.nio.charset.StandardCharsets;

/**
 * Makes one text of the bytes that the characters of byte-level tokens stand for. A token with other characters stands for itself. What is
 * not UTF-8 becomes U+FFFD; the first bytes of a character are held back. Corresponds to the decoder {@code ByteLevel} of a tokenizer.json.
 */
public record ByteLevelStep() implements DecoderStep {
  /** Starts a text. */
  static TokenSink open(TokenSink next) {
    return new WholeTokens() {
      private final Utf8 utf8 = new Utf8();

      @Override
      public void token(String token) {
        if (isBytes(token)) {
          for (int i = 0; i < token.length(); i++) {
            utf8.add(ByteAlphabet.value(token.charAt(i)));
          }
        } else {
          for (byte one : token.getBytes(StandardCharsets.UTF_8)) {
            utf8.add(one & 0xff);
          }
        }
        handOver(utf8.taken());
      }

      private void handOver(String text) {
        if (!text.isEmpty()) {
          next.text(text);
        }
      }

      @Override
      public void finish() {
        utf8.finish();
        handOver(utf8.taken());
        next.endToken();
        next.finish();
      }
    };
  }

  private static boolean isBytes(String token) {
    for (int i = 0; i < token.length(); i++) {
      if (ByteAlphabet.value(token.charAt(i)) == ByteAlphabet.NONE) {
        return false;
      }
    }
    return true;
  }
}
