package dev.lanewise.testing;

import dev.lanewise.kernels.Kernels;
import java.util.List;
import java.util.stream.Stream;

/** The kernels that a test calls, where it calls more than the selected ones. */
public final class TestedKernels {
  private TestedKernels() {}

  /**
   * The selected kernels and, unless this is a run on narrower vectors, the plain ones. These are the same on every path, and a daily build
   * runs them as the selected ones of its last path (tests with the tag "twice" with {@code -Pevery-path} only), so there the first path
   * leaves them out as well. A quick run has one path.
   */
  public static List<Kernels> all() {
    boolean narrower = System.getProperty("lanewise.expectedPath", "preferred").startsWith("vector-");
    boolean plainFollows = Sample.extent() == Sample.Extent.DAILY && !Boolean.parseBoolean(System.getProperty("lanewise.onlyPath", "true"));
    boolean onePath = Sample.extent() == Sample.Extent.QUICK;
    return narrower || plainFollows || onePath
        ? List.of(Kernels.selected())
        : Stream.of(Kernels.selected(), Kernels.scalar()).distinct().toList();
  }
}
