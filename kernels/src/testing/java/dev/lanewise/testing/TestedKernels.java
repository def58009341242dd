package dev.lanewise.testing;

import dev.lanewise.kernels.Kernels;
import java.util.List;
import java.util.stream.Stream;

/** The kernels that a test calls, where it calls more than the selected ones. */
public final class TestedKernels {
  private TestedKernels() {}

  /**
   * The selected kernels and, unless this is the run of a build on narrower vectors, the plain ones. These are the same on every path, so
   * two runs of the four test them: the first, and the one in which they are the selected ones.
   */
  public static List<Kernels> all() {
    boolean narrower = System.getProperty("lanewise.expectedPath", "preferred").startsWith("vector-");
    return narrower ? List.of(Kernels.selected()) : Stream.of(Kernels.selected(), Kernels.scalar()).distinct().toList();
  }
}
