package dev.lanewise.bench.cli.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * The check-point of a run, beside its output.
 *
 * @param path the file
 */
record RunFile(Path path) {

  /** The check-point of a run that writes this file or folder. */
  static RunFile beside(Path output) {
    return new RunFile(output.resolveSibling(output.getFileName() + ".check-point"));
  }

  /** Why a run cannot begin, as a whole message; empty if it can. */
  Optional<String> obstacle(boolean resume, boolean force) {
    if (resume && force) {
      return Optional.of("--resume and --force exclude each other");
    }
    return resume || force || !Files.exists(path)
        ? Optional.empty()
        : Optional.of(path + " is the check-point of a run that did not end; --resume continues it, --force forgets it");
  }

  /** Removes the check-point. */
  void delete() throws IOException {
    Files.deleteIfExists(path);
  }

  /** Forgets an earlier run if it is not to be continued. */
  void begin(boolean force) throws IOException {
    if (force) {
      delete();
    }
  }

  /**
   * Runs training; what ends it is one line.
   *
   * @param training returns whether the last step was reached
   */
  boolean run(Callable<Boolean> training) throws IOException {
    try {
      return training.call();
    } catch (ArithmeticException e) {
      throw new IOException(e.getMessage() + "; a smaller --learning-rate may help", e);
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    } catch (UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
