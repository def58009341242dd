package dev.lanewise.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Pipes in place of files: opening one would wait until somebody writes to it. */
public final class Pipes {
  private Pipes() {}

  /** Puts a pipe in place of a file, and makes its folder; the test is skipped on a system without pipes. */
  public static void put(Path path) throws IOException, InterruptedException {
    Files.createDirectories(path.toAbsolutePath().getParent());
    Files.deleteIfExists(path);
    boolean made;
    try {
      made = new ProcessBuilder("mkfifo", path.toString()).start().waitFor() == 0;
    } catch (IOException e) {
      made = false;
    }
    assumeTrue(made, "this system has no mkfifo");
  }
}
