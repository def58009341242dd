package dev.lanewise.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of its own that selects its kernels twice and prints what came of it, since selection happens once a JVM. */
final class SelectionProbe {
  private SelectionProbe() {}

  /**
   * What the child JVM printed.
   *
   * @param outcomes the path of each of the two selections, or the exception's class and text
   * @param log lines of the log, each {@code LEVEL text}
   */
  record Answer(List<String> outcomes, List<String> log) {}

  public static void main(String[] args) {
    for (int i = 0; i < 2; i++) {
      System.out.println(outcome());
    }
  }

  @SuppressWarnings("CatchingUnchecked") // an ExceptionInInitializerError, for one, is an answer too
  private static String outcome() {
    try {
      return Kernels.selected().path() + " lanes " + Kernels.selected().lanes();
    } catch (Throwable e) {
      return e.getClass().getSimpleName() + ": " + e.getMessage();
    }
  }

  /** Runs {@link #main} with these JVM options and nothing else of this JVM's but its class path. */
  static Answer ask(String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.util.logging.SimpleFormatter.format=%4$s %5$s%n");
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), SelectionProbe.class.getName()));
    // Through files: a pipe that fills up while the other is read would stall the child.
    Path out = Files.createTempFile("selection", ".out");
    Path log = Files.createTempFile("selection", ".log");
    try {
      Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(log.toFile()).start();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(command + " does not end");
      }
      return new Answer(Files.readAllLines(out), Files.readAllLines(log));
    } finally {
      Files.delete(out);
      Files.delete(log);
    }
  }
}
