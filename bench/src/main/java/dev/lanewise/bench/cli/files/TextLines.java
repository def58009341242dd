package dev.lanewise.bench.cli.files;

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
 * Reads lines of UTF-8. A line has either a text or the reason why it cannot be read; reading continues after it. Lines end in LF or CR LF;
 * the last line may have no end.
 */
public final class TextLines implements Closeable {
  /** Most bytes of a line; the model reads only its first 256 tokens. */
  public static final int MAX_BYTES = 1 << 20;

  private static final int BATCH_LINES = 256;

  /** Most characters of a batch: it has few lines if they are long, which bounds memory. */
  private static final int BATCH_LETTERS = 4 * MAX_BYTES;

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int next;
  private int end;
  private long number;

  /** Reads a stream, which is closed with this reader. */
  public TextLines(InputStream in) {
    this.in = in;
  }

  /**
   * A line.
   *
   * @param number number of the line, from 1
   * @param text text of the line; empty if it cannot be read
   * @param reason why the line cannot be read; empty if it can
   */
  public record Line(long number, String text, String reason) {
    /** Whether the line has a text. */
    public boolean readable() {
      return reason.isEmpty();
    }
  }

  /** The next lines, as many as should be embedded together; empty after the last line. */
  public List<Line> nextBatch() throws IOException {
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
  public @Nullable Line next() throws IOException {
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
