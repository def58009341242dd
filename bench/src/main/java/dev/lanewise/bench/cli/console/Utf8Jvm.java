package dev.lanewise.bench.cli.console;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** A JVM with a UTF-8 locale, which replaces this one if this one cannot write a file's name. */
public final class Utf8Jvm {
  private Utf8Jvm() {}

  /**
   * Runs the program there, on the same streams, if an argument or the working directory needs it; returns its exit code.
   *
   * @param decoded the arguments as Java decoded them
   * @param recovered the arguments as the shell passed them
   * @return empty if this JVM is good enough, or if another one cannot be started
   */
  public static OptionalInt run(String[] decoded, String[] recovered) throws InterruptedException {
    boolean needed = !Arrays.equals(decoded, recovered) || System.getProperty("user.dir", "").indexOf(Arguments.LOST) >= 0;
    if (!needed || Arguments.namesAreUtf8() || Arguments.isStandIn()) {
      return OptionalInt.empty();
    }
    List<String> flags = new ArrayList<>(ChildJvm.ownFlags());
    flags.add("-D" + Arguments.FROM_PROPERTY + "=" + ProcessHandle.current().pid() + ":" + recovered.length);
    ProcessBuilder builder = ChildJvm.builder(flags, List.of()).inheritIO();
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(ChildJvm.waitFor(process));
  }
}
