package dev.lanewise.text.tokenizer.decoder;

/**
 * Removes a character from the beginning and the end of each token, up to a number of times. Corresponds to the decoder {@code Strip} of a
 * tokenizer.json.
 *
 * @param content code point that is removed
 * @param start how many are removed from the beginning
 * @param stop how many are removed from the end
 */
public record StripStep(int content, int start, int stop) implements DecoderStep {
  /** Starts a text. */
  TokenSink open(TokenSink next) {
    return new TokenSink() {
      private int left = start;

      // How many characters at the end so far are held back, because they may be stripped.
      private int held;

      @Override
      public void text(String fragment) {
        StringBuilder certain = new StringBuilder();
        for (int i = 0; i < fragment.length(); ) {
          int c = fragment.codePointAt(i);
          i += Character.charCount(c);
          if (c == content && left > 0) {
            left--;
          } else if (c == content) {
            left = 0;
            held++;
            if (held > stop) {
              held--;
              certain.appendCodePoint(content);
            }
          } else {
            left = 0;
            release(certain);
            certain.appendCodePoint(c);
          }
        }
        if (!certain.isEmpty()) {
          next.text(certain.toString());
        }
      }

      private void release(StringBuilder certain) {
        for (; held > 0; held--) {
          certain.appendCodePoint(content);
        }
      }

      @Override
      public void endToken() {
        left = start;
        held = 0;
        next.endToken();
      }

      @Override
      public void finish() {
        next.finish();
      }
    };
  }
}
