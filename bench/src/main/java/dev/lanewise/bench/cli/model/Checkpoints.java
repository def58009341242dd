package dev.lanewise.bench.cli.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** Folders of checkpoints: what prevents reading or replacing one, their size, and writing one whole or not at all. */
public final class Checkpoints {
  private Checkpoints() {}

  /** Writes the files of a checkpoint into a folder that is not there yet. */
  @FunctionalInterface
  public interface Writer {
    /** Writes the files. */
    void write(Path folder) throws IOException;
  }

  /** Why a folder cannot be read, to follow its name in a message; empty if it can. */
  public static Optional<String> obstacle(Path folder) {
    if (!Files.exists(folder)) {
      return Optional.of(" is not there");
    }
    return Files.isDirectory(folder) ? Optional.empty() : Optional.of(" is a file, must be a folder");
  }

  /**
   * Why a folder cannot be written, to follow its name in a message; empty if it can.
   *
   * @param force whether an existing checkpoint may be replaced; any other folder or file never is
   */
  public static Optional<String> obstacle(Path folder, boolean force) throws IOException {
    Path parent = parent(folder);
    if (!Files.isDirectory(parent)) {
      return Optional.of(" cannot be written: there is no folder " + parent);
    }
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      if (!force) {
        return Optional.of(" is there already; --force replaces it");
      }
      if (!isCheckpoint(folder)) {
        return Optional.of(" is no folder of a checkpoint and nothing else, so that --force does not replace it");
      }
    }
    return Files.isWritable(parent) ? Optional.empty() : Optional.of(" cannot be written: " + parent + " is read-only");
  }

  /**
   * Whether a folder has a config and weights, and no folders but those of sentence-transformers: deleting it loses nothing that is no part
   * of a checkpoint.
   */
  private static boolean isCheckpoint(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS) || !Files.isRegularFile(folder.resolve("config.json"))) {
      return false;
    }
    List<Path> files = files(folder);
    for (Path file : files) {
      if (!Files.isRegularFile(file) && !isModule(file)) {
        return false;
      }
    }
    return files.stream().anyMatch(Checkpoints::holdsWeights);
  }

  /** Whether this is the folder of a module, such as 1_Pooling, with a config or nothing. */
  private static boolean isModule(Path folder) throws IOException {
    return folder.getFileName().toString().matches("[0-9]_[A-Za-z]+")
        && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
        && files(folder).stream().allMatch(file -> file.endsWith("config.json") && Files.isRegularFile(file));
  }

  private static boolean holdsWeights(Path file) {
    return file.toString().endsWith(".safetensors");
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private static Path parent(Path folder) {
    Path parent = folder.toAbsolutePath().normalize().getParent();
    return parent == null ? folder.toAbsolutePath() : parent;
  }

  /** Bytes of the files that hold weights. */
  public static long bytes(Path folder) throws IOException {
    long bytes = 0;
    for (Path file : files(folder)) {
      bytes += holdsWeights(file) ? Files.size(file) : 0;
    }
    return bytes;
  }

  /** Writes a folder beside its place and moves it there once it is complete. When the program is stopped before, an old one stays. */
  public static void write(Path folder, Writer writer) throws IOException {
    Path unfinished = parent(folder).resolve("." + UUID.randomUUID() + ".tmp");
    Thread cleaner = new Thread(() -> deleteQuietly(unfinished));
    Runtime.getRuntime().addShutdownHook(cleaner);
    try {
      writer.write(unfinished);
      if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
        Path old = parent(folder).resolve("." + UUID.randomUUID() + ".old");
        Files.move(folder, old, StandardCopyOption.ATOMIC_MOVE);
        Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
        delete(old);
      } else {
        Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
      }
    } finally {
      delete(unfinished);
      Runtime.getRuntime().removeShutdownHook(cleaner);
    }
  }

  private static void deleteQuietly(Path folder) {
    try {
      delete(folder);
    } catch (IOException | UncheckedIOException e) {
      // the program ends; what is left has a name that says so
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.deleteIfExists(path);
    }
  }
}
