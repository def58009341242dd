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
 * Opens texts: a file, a pipe, or standard input under the name {@code -}. What gzip has compressed is read as what it was before. Anything
 * but UTF-8 text is refused after a look at its beginning.
 */
public final class Input {
  /** Standard input. */
  public static final Path STANDARD = Path.of("-");

  private static final int BEGINNING = 1 << 13;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private Input() {}

  /** Why a file cannot be read, to follow its name in a message; empty if it can. */
  public static Optional<String> obstacle(Path file) {
    if (file.equals(STANDARD) || (Files.exists(file) && !Files.isDirectory(file))) {
      return Optional.empty();
    }
    return Optional.of(Files.isDirectory(file) ? " is a folder, must be a file" : " is not there");
  }

  /** The name of a file in messages. */
  public static String name(Path file) {
    return file.equals(STANDARD) ? "standard input" : file.toString();
  }

  /**
   * Opens a text, expands it if gzip has compressed it, and skips its byte order mark.
   *
   * @throws IOException if it cannot be read or looks like another kind of file, which the message names
   */
  public static InputStream text(Path file) throws IOException {
    InputStream in = file.equals(STANDARD) ? unclosed(System.in) : Files.newInputStream(file);
    try {
      byte[] beginning = in.readNBytes(BEGINNING);
      InputStream text = after(beginning, in);
      if (Gzip.begins(beginning)) {
        text = Gzip.open(text, name(file));
        beginning = text.readNBytes(BEGINNING);
        text = after(beginning, text);
      }
      Optional<String> other = Content.otherThanText(beginning);
      if (other.isPresent()) {
        throw new IOException(name(file) + " is no UTF-8 text: it looks like " + other.get());
      }
      text.skipNBytes(Content.startsWith(beginning, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0);
      return text;
    } catch (IOException e) {
      in.close();
      throw e;
    }
  }

  /** Bytes that have been read already, and then the rest. */
  private static InputStream after(byte[] beginning, InputStream in) {
    return new SequenceInputStream(new ByteArrayInputStream(beginning), in);
  }

  /** A view of standard input, which stays open after a command. */
  private static InputStream unclosed(InputStream in) {
    return new FilterInputStream(in) {
      @Override
      public void close() {
        // stays open
      }
    };
  }
}
