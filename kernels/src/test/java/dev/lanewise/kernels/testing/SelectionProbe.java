package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import java.util.List;

/** A program for a separate JVM that selects its kernels twice and prints the outcomes, because selection happens once in a JVM. */
public final class SelectionProbe {
  private SelectionProbe() {}

  /**
   * What the child JVM printed.
   *
   * @param outcomes the path of each of the two selections, or the exception's class and text
   * @param log lines of the log, each {@code LEVEL text}
   */
  public record Answer(List<String> outcomes, List<String> log) {}

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
  public static Answer ask(String... options) throws IOException, InterruptedException {
    ChildJvm.Output output = ChildJvm.run(SelectionProbe.class, List.of(), 600, options);
    return new Answer(output.out(), output.log());
  }
}
