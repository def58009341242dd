package dev.lanewise.bench.cli.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads texts that are part of the program. */
public final class Resource {
  private Resource() {}

  /**
   * Reads a file beside a class.
   *
   * @throws IOException if there is none of that name
   */
  public static String text(Class<?> beside, String name) throws IOException {
    return text(beside.getResourceAsStream(name), name);
  }

  /** Reads the whole text of a stream and closes it; {@code stream} is null if there is no resource of that name. */
  public static String text(@Nullable InputStream stream, String name) throws IOException {
    if (stream == null) {
      throw new IOException(name + " is missing from the jar");
    }
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
