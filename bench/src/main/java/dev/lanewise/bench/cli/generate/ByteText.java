package dev.lanewise.bench.cli.generate;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** The text of a model whose tokens are bytes of UTF-8. A character is known once its last byte is. */
public final class ByteText implements TextCodec.Decoder {
  /** Vocabulary of such a model. */
  static final int VOCABULARY = 256;

  /** A character has at most 4 bytes, of which 3 may wait for the last. */
  private final ByteBuffer waiting = ByteBuffer.allocate(8);

  private final CharBuffer known = CharBuffer.allocate(16);

  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);

  /** The tokens of a text. */
  public static int[] ids(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xff;
    }
    return ids;
  }

  /** The text of tokens. */
  public static String text(int... ids) {
    byte[] bytes = new byte[ids.length];
    for (int i = 0; i < ids.length; i++) {
      bytes[i] = (byte) ids[i];
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Adds a token, and returns the characters that it completes. */
  @Override
  public String add(int id) {
    waiting.put((byte) id).flip();
    decoder.decode(waiting, known, false);
    waiting.compact();
    return taken();
  }

  /** The replacement of a character that has not been completed; empty if there is none. */
  @Override
  public String end() {
    waiting.flip();
    decoder.decode(waiting, known, true);
    decoder.flush(known);
    return taken();
  }

  private String taken() {
    String text = known.flip().toString();
    known.clear();
    return text;
  }
}
