package dev.lanewise.text.json;

import dev.lanewise.core.foreign.RegularFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that somebody else put into a folder. */
public final class ForeignFile {
  private ForeignFile() {}

  /**
   * Opens a file. Symbolic links are followed, as Hugging Face's cache has them.
   *
   * @throws IOException if there is no such file, or it is no regular one: opening a pipe would wait for a writer
   */
  public static InputStream open(Path path) throws IOException {
    RegularFile.check(path);
    return Files.newInputStream(path);
  }

  /**
   * Reads a file of limited size.
   *
   * @throws IOException as {@link #open} does; a longer file is refused by {@link ForeignJson#parse}, which sees one byte too many
   */
  public static byte[] readJson(Path path) throws IOException {
    try (InputStream in = open(path)) {
      return in.readNBytes(ForeignJson.MOST_BYTES + 1);
    }
  }
}
