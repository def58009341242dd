package dev.lanewise.bench.cli.files;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Opening a text to read: a file, a pipe, or standard input under the name {@code -}. What is no UTF-8 text is refused by its beginning.
 */
public final class Input {
  /** Standard input. */
  public static final Path STANDARD = Path.of("-");

  private static final int BEGINNING = 1 << 13;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private Input() {}

  /** What stands in the way of reading there, to be read after the file's name; empty if nothing does. */
  public static Optional<String> obstacle(Path file) {
    if (file.equals(STANDARD) || (Files.exists(file) && !Files.isDirectory(file))) {
      return Optional.empty();
    }
    return Optional.of(Files.isDirectory(file) ? " is a folder, must be a file" : " is not there");
  }

  /** What a message calls it. */
  public static String name(Path file) {
    return file.equals(STANDARD) ? "standard input" : file.toString();
  }

  /**
   * Opens it, without a byte order mark.
   *
   * @throws IOException if it cannot be read, or looks like something else, with the file's name and what it looks like
   */
  public static InputStream text(Path file) throws IOException {
    InputStream in = file.equals(STANDARD) ? unclosed(System.in) : Files.newInputStream(file);
    try {
      byte[] beginning = in.readNBytes(BEGINNING);
      Optional<String> other = Content.otherThanText(beginning);
      if (other.isPresent()) {
        throw new IOException(name(file) + " is no UTF-8 text: it looks like " + other.get());
      }
      int from = Content.startsWith(beginning, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
      return new SequenceInputStream(new ByteArrayInputStream(beginning, from, beginning.length - from), in);
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /** Standard input outlives a command. */
  private static InputStream unclosed(InputStream in) {
    return new FilterInputStream(in) {
      @Override
      public void close() {
        // stays open
      }
    };
  }
}
