package dev.lanewise.bench.cli.console;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** A JVM beside this one, with this one's java and class path. It ends with this one, or when it is closed. */
public final class ChildJvm implements AutoCloseable {
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
   * Starts one.
   *
   * @param flags of the JVM, such as {@link #ownFlags}
   * @param merged whether what it writes to standard error goes to its standard output
   */
  public static ChildJvm start(List<String> flags, String mainClass, List<String> arguments, boolean merged) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    command.addAll(arguments);
    return new ChildJvm(new ProcessBuilder(command).redirectErrorStream(merged).start());
  }

  /** What runs it. */
  public Process process() {
    return process;
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException e) {
      // this JVM is on its way out, and the hook is running
      Thread.currentThread().interrupt();
    }
  }
}
