package dev.lanewise.bench.fuzz;

import dev.lanewise.bench.ChildJvm;
import dev.lanewise.bench.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A JVM of its own that fuzzes one path: which one is decided once in a JVM. It ends with this one. */
final class Child {
  /** What a line that counts calls begins with. */
  static final String COUNT = "#calls ";

  /** What the line with the digest of all results begins with. */
  static final String DIGEST = "#digest ";

  private static final List<String> OF_THE_PATH = List.of("--add-modules=jdk.incubator.vector", "-Dlanewise.");

  private final KernelPath path;

  Child(KernelPath path) {
    this.path = path;
  }

  private List<String> flags() {
    List<String> flags = new ArrayList<>(ChildJvm.ownFlags());
    flags.removeIf(flag -> OF_THE_PATH.stream().anyMatch(flag::startsWith));
    flags.addAll(path.flags());
    return flags;
  }

  /**
   * Runs {@code fuzz} there; returns its exit code.
   *
   * @param line told every line that it writes, to either stream
   */
  int run(List<String> arguments, Consumer<String> line) throws IOException, InterruptedException {
    try (ChildJvm child = ChildJvm.start(flags(), Main.class.getName(), arguments, true);
        BufferedReader reader = child.process().inputReader(StandardCharsets.UTF_8)) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        line.accept(text);
      }
      return child.process().waitFor();
    }
  }
}
