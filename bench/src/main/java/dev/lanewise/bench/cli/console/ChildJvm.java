package dev.lanewise.bench.cli.console;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** This program in another JVM, with this one's java and class path. The other JVM ends with this one, or when it is closed. */
public final class ChildJvm implements AutoCloseable {
  /** A name and not a class, because the main class is above every package that starts JVMs. */
  private static final String MAIN_CLASS = "dev.lanewise.bench.cli.Main";

  private final Process process;
  private final Thread killer;

  private ChildJvm(Process process) {
    this.process = process;
    this.killer = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(killer);
  }

  /** The flags that this JVM was started with. */
  public static List<String> ownFlags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments();
  }

  /**
   * Starts the program.
   *
   * @param flags flags of the JVM, such as {@link #ownFlags}
   * @param merged whether its standard error becomes part of its standard output
   */
  public static ChildJvm start(List<String> flags, List<String> arguments, boolean merged) throws IOException {
    return new ChildJvm(builder(flags, arguments).redirectErrorStream(merged).start());
  }

  /** The program before it starts. */
  static ProcessBuilder builder(List<String> flags, List<String> arguments) {
    return builder(flags, System.getProperty("java.class.path"), MAIN_CLASS, arguments);
  }

  /** Another program before it starts, with this JVM's java. */
  public static ProcessBuilder builder(List<String> flags, String classPath, String mainClass, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(flags);
    command.addAll(List.of("-cp", classPath, mainClass));
    command.addAll(arguments);
    return new ProcessBuilder(command);
  }

  /**
   * Waits for another JVM and returns its exit code. If this JVM is asked to end, it asks the other one, and waits until that has cleaned
   * up its files.
   */
  public static int waitFor(Process process) throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process)));
    return process.waitFor();
  }

  private static void end(Process process) {
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The process of the other JVM. */
  public Process process() {
    return process;
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException e) {
      // this JVM is ending, and the hook is running
      Thread.currentThread().interrupt();
    }
  }
}
