package dev.lanewise.text.tokenizer.pieces;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The pieces {@code <0x00>} to {@code <0xFF>}, which stand for the bytes of a character that has no piece of its own. */
final class BytePieces {
  private static final int BYTES = 256;

  private final int[] ids = new int[BYTES];

  BytePieces(Vocabulary vocabulary) {
    for (int i = 0; i < BYTES; i++) {
      ids[i] = vocabulary.id(String.format(Locale.ROOT, "<0x%02X>", i));
    }
  }

  /** The ids of the bytes of a text in UTF-8; an empty array if one of the bytes has no piece. */
  int[] of(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] found = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      found[i] = ids[bytes[i] & 0xff];
      if (found[i] == Vocabulary.NONE) {
        return new int[0];
      }
    }
    return found;
  }
}
