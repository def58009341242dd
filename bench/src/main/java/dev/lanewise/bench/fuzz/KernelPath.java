package dev.lanewise.bench.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The code that may run: SIMD lanes of a width, or plain Java. */
enum KernelPath {
  VECTOR_512("512", "vector-512", "--add-modules=jdk.incubator.vector", "-Dlanewise.vectorBits=512"),
  VECTOR_256("256", "vector-256", "--add-modules=jdk.incubator.vector", "-Dlanewise.vectorBits=256"),
  VECTOR_128("128", "vector-128", "--add-modules=jdk.incubator.vector", "-Dlanewise.vectorBits=128"),
  SCALAR("scalar", "scalar");

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

  /** The flags of a JVM that takes it. */
  List<String> flags() {
    return flags;
  }

  static Optional<KernelPath> of(String option) {
    return Arrays.stream(values()).filter(path -> path.option.equals(option)).findFirst();
  }
}
