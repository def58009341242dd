package dev.lanewise.bench.cli.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Texts that come with the program. */
public final class Resource {
  private Resource() {}

  /**
   * A file beside a class.
   *
   * @throws IOException if there is none of that name
   */
  public static String text(Class<?> beside, String name) throws IOException {
    return text(beside.getResourceAsStream(name), name);
  }

  /** The whole text of a stream that looking for {@code name} gave, which is closed; null if there was none. */
  public static String text(@Nullable InputStream stream, String name) throws IOException {
    if (stream == null) {
      throw new IOException(name + " is missing from the jar");
    }
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
