package dev.lanewise.bench.cli.files;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Optional;
import java.util.UUID;

/**
 * Writes files atomically: at any time a file is either the old one or the complete new one, even if the program is stopped. Pipes, devices
 * and standard output, under its names in /dev or {@code -}, are written directly.
 */
public final class OutputFile {
  /** Standard output. */
  public static final Path STANDARD = Path.of("-");

  private static final int MOST_LINKS = 40;

  private OutputFile() {}

  /**
   * Why a file cannot be written, to follow its name in a message; empty if it can.
   *
   * @param force whether an existing file may be replaced
   */
  public static Optional<String> obstacle(Path file, boolean force) {
    if (isStream(file)) {
      return Optional.empty();
    }
    if (file.toString().isEmpty() || Files.isDirectory(file)) {
      return Optional.of(" is a folder, must be a file");
    }
    Path folder = folder(file);
    if (!Files.isDirectory(folder)) {
      return Optional.of(" cannot be written: there is no folder " + folder);
    }
    if (!force && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of(" is there already; --force replaces it");
    }
    return Files.isWritable(folder) ? Optional.empty() : Optional.of(" cannot be written: " + folder + " is read-only");
  }

  /** Whether this is a pipe, a device or standard output, which must not be replaced: other programs use it, too. */
  public static boolean isStream(Path file) {
    Path last = lastLink(file);
    return file.equals(STANDARD)
        || last.startsWith("/proc")
        || (Files.exists(last) && !Files.isRegularFile(last) && !Files.isDirectory(last));
  }

  /** Whether this is the stream on which a command prints its lines. */
  public static boolean isStandardOutput(Path file) {
    return file.equals(STANDARD) || lastLink(file).equals(Path.of("/proc", String.valueOf(ProcessHandle.current().pid()), "fd", "1"));
  }

  /** Follows links up to a file, or up to a descriptor of a process. */
  private static Path lastLink(Path file) {
    Path path = file.toAbsolutePath();
    try {
      for (int i = 0; i < MOST_LINKS && path.getParent() != null; i++) {
        path = path.getParent().toRealPath().resolve(path.getFileName());
        if (path.startsWith("/proc") || !Files.isSymbolicLink(path)) {
          return path;
        }
        path = path.resolveSibling(Files.readSymbolicLink(path));
      }
    } catch (IOException e) {
      // a folder is missing, which obstacle reports
      return path;
    }
    return path;
  }

  /** Opens a file for which {@link #isStream} is true. Closing the stream leaves standard output open. */
  public static OutputStream stream(Path file) throws IOException {
    return isStandardOutput(file) ? standardOutput() : Files.newOutputStream(file, StandardOpenOption.WRITE);
  }

  /** Standard output as a stream, which stays open after a command. */
  public static OutputStream standardOutput() {
    return new FilterOutputStream(System.out) {
      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
      }

      @Override
      public void close() throws IOException {
        flush();
      }
    };
  }

  /** Writes a file completely or not at all. */
  public static void write(Path file, String text) throws IOException {
    try (Replacement replacement = replace(file)) {
      Files.writeString(replacement.path(), text, StandardCharsets.UTF_8);
      replacement.commit();
    }
  }

  /** Begins to write a file that may exist. */
  public static Replacement replace(Path file) throws IOException {
    // A random name, and only if it is new: nobody can put a link there in advance.
    Path unfinished = isStream(file) ? Files.createTempFile("lanewise", ".tmp") : folder(file).resolve("." + UUID.randomUUID() + ".tmp");
    unfinished.toFile().deleteOnExit();
    if (!isStream(file)) {
      Files.createFile(unfinished);
    }
    return new Replacement(file, unfinished);
  }

  /** A file that is written beside the one that it will replace. Without {@link #commit} it is deleted when this is closed. */
  public static final class Replacement implements AutoCloseable {
    private final Path file;
    private final Path unfinished;

    private Replacement(Path file, Path unfinished) {
      this.file = file;
      this.unfinished = unfinished;
    }

    /** The path to write to: an empty file. */
    public Path path() {
      return unfinished;
    }

    /** Moves the complete file to its place. */
    public void commit() throws IOException {
      if (isStream(file)) {
        try (OutputStream out = stream(file)) {
          Files.copy(unfinished, out);
        }
        return;
      }
      boolean posix = Files.getFileAttributeView(unfinished, PosixFileAttributeView.class) != null;
      if (posix && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        Files.setPosixFilePermissions(unfinished, Files.getPosixFilePermissions(file));
      }
      // REPLACE_EXISTING deletes the old file first: a JVM that ends then leaves neither.
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
      Files.deleteIfExists(unfinished);
    }
  }

  private static Path folder(Path file) {
    Path folder = file.toAbsolutePath().normalize().getParent();
    return folder == null ? file.toAbsolutePath() : folder;
  }
}
