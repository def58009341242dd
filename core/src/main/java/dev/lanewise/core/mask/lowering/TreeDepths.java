package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.runtime.Checks;

/** Computes the depths of the nodes of a tree, which are their positions. */
public final class TreeDepths {
  /** The parent of a root. */
  public static final int ROOT = -1;

  private TreeDepths() {}

  /**
   * Number of ancestors of each node.
   *
   * @param parents the parent of each node, which has a smaller number, or −1 for a root
   */
  public static int[] of(int[] parents) {
    int[] depths = new int[parents.length];
    for (int node = 0; node < parents.length; node++) {
      int parent = parents[node];
      Checks.atLeast("parents[" + node + "]", parent, ROOT);
      Checks.atMost("parents[" + node + "]", parent, "the node before", node - 1);
      depths[node] = parent == ROOT ? 0 : depths[parent] + 1;
    }
    return depths;
  }
}
