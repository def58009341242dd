package dev.lanewise.bench.cli.train.data;

import dev.lanewise.bench.cli.files.Input;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * The bytes of one or more texts, one after another. The last tenth is held out: nothing learns from it.
 *
 * @param bytes all bytes, those to learn from first
 * @param learned number of bytes to learn from
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Corpus(byte[] bytes, int learned) {
  /** One of so many bytes is held out. */
  private static final int PARTS = 10;

  /** Divides a text: the last tenth, rounded down, is held out. */
  public static Corpus of(byte[] bytes) {
    return new Corpus(bytes, bytes.length - bytes.length / PARTS);
  }

  /**
   * Reads files in their order.
   *
   * @param mostBytes the largest size of all files together
   * @throws IOException if a file cannot be read, is no UTF-8 text, or there are more bytes than {@code mostBytes}
   */
  public static Corpus read(List<Path> files, int mostBytes) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] block = new byte[1 << 16];
    for (Path file : files) {
      try (InputStream in = Input.text(file)) {
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
          if (count > mostBytes - all.size()) {
            throw new IOException("with " + Input.name(file) + " the text is longer than " + mostBytes + " bytes, the most that is read");
          }
          all.write(block, 0, count);
        }
      }
    }
    return of(all.toByteArray());
  }

  /** Number of bytes that are held out. */
  public int heldOut() {
    return bytes.length - learned;
  }
}
