package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.cli.console.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The code that may run: SIMD lanes of a width, or plain Java. */
enum KernelPath {
  VECTOR_512("512", "vector-512", "--add-modules=jdk.incubator.vector", "-Dlanewise.vectorBits=512"),
  VECTOR_256("256", "vector-256", "--add-modules=jdk.incubator.vector", "-Dlanewise.vectorBits=256"),
  VECTOR_128("128", "vector-128", "--add-modules=jdk.incubator.vector", "-Dlanewise.vectorBits=128"),
  SCALAR("scalar", "scalar");

  private static final List<String> OF_THE_PATH = List.of("--add-modules=jdk.incubator.vector", "-Dlanewise.");

  private final String option;
  private final String path;

  @SuppressWarnings("ImmutableEnumChecker") // List.of is
  private final List<String> flags;

  KernelPath(String option, String path, String... flags) {
    this.option = option;
    this.path = path;
    this.flags = List.of(flags);
  }

  /** What {@code --paths} calls it. */
  String option() {
    return option;
  }

  /** What {@link dev.lanewise.kernels.Kernels#path} calls it. */
  String path() {
    return path;
  }

  /**
   * Runs the command line in a JVM of its own that takes this path, since which one is decided once in a JVM; returns its exit code. It
   * ends with this JVM.
   *
   * @param line told every line that it writes, to either stream
   */
  int run(List<String> arguments, Consumer<String> line) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(ChildJvm.ownFlags());
    all.removeIf(flag -> OF_THE_PATH.stream().anyMatch(flag::startsWith));
    all.addAll(flags);
    try (ChildJvm child = ChildJvm.start(all, arguments, true);
        BufferedReader reader = child.process().inputReader(StandardCharsets.UTF_8)) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        line.accept(text);
      }
      return child.process().waitFor();
    }
  }

  static Optional<KernelPath> of(String option) {
    return Arrays.stream(values()).filter(path -> path.option.equals(option)).findFirst();
  }
}
