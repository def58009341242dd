package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.kernels.Kernels;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A path of the kernels: SIMD lanes of a width, or plain Java. */
enum KernelPath {
  VECTOR_512("512"),
  VECTOR_256("256"),
  VECTOR_128("128"),
  SCALAR("scalar");

  private static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";

  private final String option;

  KernelPath(String option) {
    this.option = option;
  }

  /** The name that {@link dev.lanewise.kernels.Kernels#path} gives it. */
  String path() {
    return this == SCALAR ? option : "vector-" + option;
  }

  /**
   * Runs the command in a JVM of its own that takes this path, since a JVM chooses its path once. The JVM ends with this one.
   *
   * @param own flags of the JVM, such as those of this one, but for those that choose a path
   * @param line receives every line that the JVM writes to either stream
   * @return the exit code
   */
  int run(List<String> own, List<String> arguments, Consumer<String> line) throws IOException, InterruptedException {
    List<String> flags = new ArrayList<>(own);
    flags.removeIf(flag -> flag.startsWith(VECTOR_MODULE) || flag.startsWith("-Dlanewise."));
    if (this != SCALAR) {
      flags.addAll(List.of(VECTOR_MODULE, "-Dlanewise.vectorBits=" + option));
    }
    try (ChildJvm child = ChildJvm.start(flags, arguments, true);
        BufferedReader reader = child.process().inputReader(StandardCharsets.UTF_8)) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        line.accept(text);
      }
      return child.process().waitFor();
    }
  }

  /** The paths that this machine has: none whose vectors are longer than those of this JVM. All of them if this JVM runs plain Java. */
  static List<KernelPath> ofThisMachine() {
    List<KernelPath> all = List.of(values());
    Optional<KernelPath> own = all.stream().filter(path -> path.path().equals(Kernels.selected().path())).findFirst();
    return own.isEmpty() || own.get() == SCALAR ? all : all.subList(all.indexOf(own.get()), all.size());
  }

  /** The path that {@code --paths} calls by this name. */
  static Optional<KernelPath> of(String option) {
    return Arrays.stream(values()).filter(path -> path.option.equals(option)).findFirst();
  }
}
