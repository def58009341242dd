package dev.lanewise.bench.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;

/** Writing a file so that its name never holds half of it, whenever the program is stopped. */
public final class OutputFile {
  private OutputFile() {}

  /** What stands in the way of writing there, to be read after the file's name; empty if nothing does. */
  public static Optional<String> obstacle(Path file) {
    Path folder = folder(file);
    if (file.toString().isEmpty() || Files.isDirectory(file)) {
      return Optional.of(" is a folder, must be a file");
    }
    // A device or a pipe: moving over it, or removing it first, would take it from everybody else.
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      return Optional.of(" is no regular file");
    }
    if (!Files.isDirectory(folder)) {
      return Optional.of(" cannot be written: there is no folder " + folder);
    }
    return Files.isWritable(folder) ? Optional.empty() : Optional.of(" cannot be written: " + folder + " is read-only");
  }

  /** Writes beside the file, then moves over it; what is left when the program is stopped in between is removed on its way out. */
  public static void write(Path file, String text) throws IOException {
    // A name that nobody guesses, and only if it is new: a link put there in advance would lead elsewhere.
    Path unfinished = folder(file).resolve("." + UUID.randomUUID() + ".tmp");
    unfinished.toFile().deleteOnExit();
    try {
      Files.writeString(unfinished, text, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private static Path folder(Path file) {
    Path folder = file.toAbsolutePath().normalize().getParent();
    return folder == null ? file.toAbsolutePath() : folder;
  }
}
