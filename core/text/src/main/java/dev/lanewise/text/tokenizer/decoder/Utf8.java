package dev.lanewise.text.tokenizer.decoder;

/**
 * Decodes UTF-8 byte by byte. The longest beginning of a valid character that does not go on becomes one U+FFFD, as Unicode recommends and
 * Hugging Face's code does; the JDK's decoder makes one of each encoded surrogate instead.
 */
final class Utf8 {
  private static final char REPLACEMENT = '\ufffd';

  private final StringBuilder text = new StringBuilder();

  /** Bits of the character so far. */
  private int bits;

  /** How many bytes of the character are missing. */
  private int missing;

  /** Range of the next byte. */
  private int least;

  private int most;

  /** Receives a byte, 0 to 255. */
  void add(int value) {
    if (missing > 0) {
      if (value >= least && value <= most) {
        bits = (bits << 6) | (value & 0x3f);
        expect(missing - 1, 0x80, 0xbf);
        if (missing == 0) {
          text.appendCodePoint(bits);
        }
        return;
      }
      text.append(REPLACEMENT);
      missing = 0;
    }
    begin(value);
  }

  private void begin(int value) {
    if (value < 0x80) {
      text.append((char) value);
    } else if (value >= 0xc2 && value <= 0xdf) {
      bits = value & 0x1f;
      expect(1, 0x80, 0xbf);
    } else if (value >= 0xe0 && value <= 0xef) {
      bits = value & 0x0f;
      expect(2, value == 0xe0 ? 0xa0 : 0x80, value == 0xed ? 0x9f : 0xbf);
    } else if (value >= 0xf0 && value <= 0xf4) {
      bits = value & 0x07;
      expect(3, value == 0xf0 ? 0x90 : 0x80, value == 0xf4 ? 0x8f : 0xbf);
    } else {
      text.append(REPLACEMENT);
    }
  }

  private void expect(int count, int from, int to) {
    missing = count;
    least = from;
    most = to;
  }

  /** Replaces an incomplete character at the end. */
  void finish() {
    if (missing > 0) {
      text.append(REPLACEMENT);
      missing = 0;
    }
  }

  /** The text so far; it is taken away. */
  String taken() {
    String taken = text.toString();
    text.setLength(0);
    return taken;
  }
}
