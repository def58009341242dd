package dev.lanewise.core.foreign;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/** Opens files of cached rows and of weights for reading, and refuses what is not a regular file. */
public final class RegularFile {
  private RegularFile() {}

  /**
   * Opens a file to be read.
   *
   * @throws IOException if there is no such file, or as {@link #check} does
   */
  public static FileChannel open(Path path) throws IOException {
    check(path);
    return FileChannel.open(path, StandardOpenOption.READ);
  }

  /**
   * Refuses a pipe, which would wait for a writer, and other files that have no size.
   *
   * @throws IOException if it is such a file, or there is none
   */
  public static void check(Path path) throws IOException {
    if (!Files.readAttributes(path, BasicFileAttributes.class).isRegularFile()) {
      throw new IOException(path + " is not a regular file");
    }
  }
}
