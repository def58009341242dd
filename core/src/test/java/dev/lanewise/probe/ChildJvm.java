package dev.lanewise.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of its own. */
public final class ChildJvm {
  private ChildJvm() {}

  /**
   * What it printed.
   *
   * @param out lines of standard output
   * @param log lines of standard error
   */
  public record Output(int exit, List<String> out, List<String> log) {}

  /** Runs the class's main in the Java at {@code home} with these options, and nothing else of this JVM's. */
  public static Output run(Path home, Class<?> main, List<String> options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin").resolve("java").toString());
    command.add("-Djava.util.logging.SimpleFormatter.format=%4$s %5$s%n"); // one line a message
    command.add("-Djdk.system.logger.format=%4$s %5$s%n"); // the same where there is no java.logging
    command.add("-Xmx512m");
    command.addAll(options);
    command.add(main.getName());
    // Through files: a pipe that fills up while the other is read would stall the child.
    Path out = Files.createTempFile("child", ".out");
    Path log = Files.createTempFile("child", ".log");
    try {
      Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(log.toFile()).start();
      if (!process.waitFor(120, TimeUnit.SECONDS)) {
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
