package dev.lanewise.text.tokenizer.decoder;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Makes characters of the tokens {@code <0x00>} to {@code <0xFF>}. A run of such tokens is one text in UTF-8; if it is not valid, each of
 * its tokens becomes U+FFFD. Any later byte can make the run invalid, so that it is held back until it ends. Corresponds to the decoder
 * {@code ByteFallback} of a tokenizer.json.
 */
public record ByteFallbackStep() implements DecoderStep {
  private static final int LENGTH = 6;
  private static final int HEXADECIMAL = 16;
  private static final int NONE = -1;

  /** Starts a text. */
  static TokenSink open(TokenSink next) {
    return new WholeTokens() {
      private final ByteArrayOutputStream run = new ByteArrayOutputStream();

      @Override
      public void token(String token) {
        int value = value(token);
        if (value == NONE) {
          end();
          next.token(token);
        } else {
          run.write(value);
        }
      }

      private void end() {
        if (run.size() > 0) {
          try {
            next.token(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(run.toByteArray())).toString());
          } catch (CharacterCodingException e) {
            for (int i = 0; i < run.size(); i++) {
              next.token("\ufffd");
            }
          }
          run.reset();
        }
      }

      @Override
      public void finish() {
        end();
        next.finish();
      }
    };
  }

  private static int value(String token) {
    if (token.length() != LENGTH || !token.startsWith("<0x") || token.charAt(LENGTH - 1) != '>') {
      return NONE;
    }
    int high = digit(token.charAt(LENGTH - 3));
    int low = digit(token.charAt(LENGTH - 2));
    return high < 0 || low < 0 ? NONE : high * HEXADECIMAL + low;
  }

  private static int digit(char c) {
    return c < 0x80 ? Character.digit(c, HEXADECIMAL) : NONE;
  }
}
