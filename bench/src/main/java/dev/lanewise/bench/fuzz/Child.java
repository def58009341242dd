package dev.lanewise.bench.fuzz;

import dev.lanewise.bench.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A JVM of its own that fuzzes one path: which one is decided once in a JVM. It ends with this one. */
final class Child {
  /** What a line that counts calls begins with. */
  static final String COUNT = "#calls ";

  private static final List<String> OF_THE_PATH = List.of("--add-modules=jdk.incubator.vector", "-Dlanewise.");

  private final KernelPath path;

  Child(KernelPath path) {
    this.path = path;
  }

  private List<String> command(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (OF_THE_PATH.stream().noneMatch(flag::startsWith)) {
        command.add(flag);
      }
    }
    command.addAll(path.flags());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(arguments);
    return command;
  }

  /**
   * Runs {@code fuzz} there; returns its exit code.
   *
   * @param line told every line that it writes, to either stream
   */
  int run(List<String> arguments, Consumer<String> line) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command(arguments)).redirectErrorStream(true).start();
    Thread killer = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(killer);
    try (BufferedReader reader = new BufferedReader(process.inputReader(StandardCharsets.UTF_8))) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        line.accept(text);
      }
      return process.waitFor();
    } finally {
      process.destroyForcibly();
      forget(killer);
    }
  }

  private static void forget(Thread killer) {
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException e) {
      // this JVM is on its way out, and the hook is running
      Thread.currentThread().interrupt();
    }
  }
}
