package dev.lanewise.bench.cli.embed;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lines of UTF-8, one at a time, each text or the reason why it is none: a line that cannot be read does not end the reading. Lines end in
 * LF or CR LF, the last one need not.
 */
final class TextLines implements Closeable {
  /** Bytes of the longest line; the model reads the first 256 tokens of it anyway. */
  static final int MAX_BYTES = 1 << 20;

  private static final int BATCH_LINES = 256;

  /** Long lines come a few at a time, which bounds the memory they take. */
  private static final int BATCH_LETTERS = 4 * MAX_BYTES;

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int next;
  private int end;
  private long number;

  /** Reads to the end of the stream, which is closed with this. */
  TextLines(InputStream in) {
    this.in = in;
  }

  /**
   * A line.
   *
   * @param number from 1 on
   * @param text what it says; empty if it cannot be read
   * @param reason why it cannot; empty if it can
   */
  record Line(long number, String text, String reason) {
    boolean readable() {
      return reason.isEmpty();
    }
  }

  /** The next lines, as many as are worth to be embedded together; none after the last. */
  List<Line> nextBatch() throws IOException {
    List<Line> batch = new ArrayList<>();
    long letters = 0;
    while (batch.size() < BATCH_LINES && letters < BATCH_LETTERS) {
      Line line = next();
      if (line == null) {
        break;
      }
      letters += line.text().length();
      batch.add(line);
    }
    return batch;
  }

  /** The next line; null after the last. */
  @Nullable Line next() throws IOException {
    if (next == end && !fill()) {
      return null;
    }
    number++;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long length = 0;
    do {
      int from = next;
      while (next < end && buffer[next] != '\n') {
        next++;
      }
      length += next - from;
      if (length <= MAX_BYTES) {
        bytes.write(buffer, from, next - from);
      }
      if (next < end) {
        next++;
        break;
      }
    } while (fill());
    if (length > MAX_BYTES) {
      return new Line(number, "", "has " + length + " bytes, must be at most " + MAX_BYTES);
    }
    return decoded(bytes.toByteArray());
  }

  private Line decoded(byte[] bytes) {
    int length = bytes.length > 0 && bytes[bytes.length - 1] == '\r' ? bytes.length - 1 : bytes.length;
    ByteBuffer in8 = ByteBuffer.wrap(bytes, 0, length);
    try {
      return new Line(number, StandardCharsets.UTF_8.newDecoder().decode(in8).toString(), "");
    } catch (CharacterCodingException e) {
      return new Line(number, "", "is not UTF-8 at byte " + (in8.position() + 1));
    }
  }

  private boolean fill() throws IOException {
    next = 0;
    end = Math.max(0, in.read(buffer));
    return end > 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
