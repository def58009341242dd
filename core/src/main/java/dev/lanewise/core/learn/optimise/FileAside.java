package dev.lanewise.core.learn.optimise;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Replaces a file by a new one that is written in a folder beside it. What a killed process leaves in that folder is deleted by the next
 * one, so that it cannot pile up.
 */
final class FileAside {
  private final Path path;
  private final Path folder;

  FileAside(Path path) {
    Path name = path.getFileName();
    if (name == null) {
      throw new IllegalArgumentException("path " + path + " names no file");
    }
    this.path = path;
    this.folder = path.resolveSibling(name + ".aside");
  }

  /** Writes a file that does not exist yet, and forces it to disk. */
  @FunctionalInterface
  interface Content {
    void write(Path file) throws IOException;
  }

  /** Writes the new file. It is written again if an interrupt has closed it; the interrupt status is set afterwards. */
  void write(Content content) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (!isWritten(content)) {
        interrupted |= Thread.interrupted();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean isWritten(Content content) throws IOException {
    Path file = folder.resolve("new");
    Files.createDirectories(folder); // if this fails, there is nothing to clean up
    try {
      empty();
      content.write(file);
      Files.move(file, path, StandardCopyOption.ATOMIC_MOVE);
      forceFolder();
      return true;
    } catch (ClosedByInterruptException e) {
      return false;
    } finally {
      empty();
      Files.deleteIfExists(folder);
    }
  }

  private void empty() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Forces the new entry of the folder to disk, where the system can: a file system may otherwise forget the move if power fails. */
  private void forceFolder() throws IOException {
    Path parent = path.toAbsolutePath().getParent();
    if (parent == null) {
      return;
    }
    try (FileChannel channel = FileChannel.open(parent, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      // Windows opens no folders. The new file itself is on disk, and the move is complete for every reader.
    }
  }
}
