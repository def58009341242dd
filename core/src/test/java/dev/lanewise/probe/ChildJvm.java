package dev.lanewise.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a class in a JVM of its own. */
public final class ChildJvm {
  private ChildJvm() {}

  /**
   * The output of the JVM.
   *
   * @param out lines of standard output
   * @param log lines of standard error
   */
  public record Output(int exit, List<String> out, List<String> log) {}

  /** Runs the main method of the class with the Java at {@code home} and these options, without any setting of this JVM. */
  public static Output run(Path home, Class<?> main, List<String> options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin").resolve("java").toString());
    command.add("-Djava.util.logging.SimpleFormatter.format=%4$s %5$s%n"); // one line for each message
    command.add("-Djdk.system.logger.format=%4$s %5$s%n"); // the same without java.logging
    command.add("-Xmx512m");
    command.addAll(options);
    command.add(main.getName());
    // Output goes to files: a pipe that is full while the other one is read would block the child.
    Path out = Files.createTempFile("child", ".out");
    Path log = Files.createTempFile("child", ".log");
    try {
      Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(log.toFile()).start();
      if (!process.waitFor(600, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(command + " does not end");
      }
      return new Output(process.exitValue(), Files.readAllLines(out), Files.readAllLines(log));
    } finally {
      Files.delete(out);
      Files.delete(log);
    }
  }
}
