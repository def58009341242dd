package dev.lanewise.kernels.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program in a separate JVM, for tests of what happens once in a JVM. */
public final class ChildJvm {
  private ChildJvm() {}

  /**
   * What the child printed.
   *
   * @param out lines of standard output
   * @param log lines of standard error; a line of the log is {@code LEVEL text}
   */
  public record Output(List<String> out, List<String> log) {}

  /** Runs the class's main with these JVM options and nothing else of this JVM's but its class path. */
  public static Output run(Class<?> main, List<String> arguments, int seconds, String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.util.logging.SimpleFormatter.format=%4$s %5$s%n");
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    // Output is written to files, because a full pipe would block the child while the other pipe is read.
    Path out = Files.createTempFile("child", ".out");
    Path log = Files.createTempFile("child", ".log");
    try {
      Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(log.toFile()).start();
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(command + " does not end");
      }
      return new Output(Files.readAllLines(out), Files.readAllLines(log));
    } finally {
      Files.delete(out);
      Files.delete(log);
    }
  }
}
