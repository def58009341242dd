package dev.lanewise.core.generation;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;

/**
 * A draft behind the last token of a sequence: that token is node 0, and the roots of the draft are its children.
 *
 * @param parents node before each node, −1 for node 0
 */
record DraftedTree(int[] ids, int[] parents) {

  static DraftedTree of(Generator.Tree draft, int last, int vocabulary) {
    int[] ids = new int[draft.ids().length + 1];
    int[] parents = new int[ids.length];
    ids[0] = last;
    parents[0] = -1;
    for (int node = 1; node < ids.length; node++) {
      int id = draft.ids()[node - 1];
      if (id < 0 || id >= vocabulary) {
        throw new IllegalArgumentException(
            "ids[" + (node - 1) + "] of the draft is " + id + ", must be at least 0 and below the vocabulary, " + vocabulary);
      }
      ids[node] = id;
      parents[node] = draft.parents()[node - 1] + 1;
    }
    return new DraftedTree(ids, parents);
  }

  int size() {
    return ids.length;
  }

  /** The tree without the nodes behind the first {@code drafted} drafted ones. No node stands before its parent. */
  DraftedTree first(int drafted) {
    int size = Math.min(size(), drafted + 1);
    return size == size() ? this : new DraftedTree(Arrays.copyOf(ids, size), Arrays.copyOf(parents, size));
  }

  /** The child of a node with this token, or −1. */
  int child(int node, int token) {
    for (int child = node + 1; child < size(); child++) {
      if (parents[child] == node && ids[child] == token) {
        return child;
      }
    }
    return -1;
  }

  /** Checks the nodes of a draft. */
  static void check(int[] ids, int[] parents) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(parents, "parents");
    Checks.same("parents.length", parents.length, "ids.length", ids.length);
    for (int node = 0; node < parents.length; node++) {
      if (parents[node] < -1 || parents[node] >= node) {
        throw new IllegalArgumentException("parents[" + node + "] is " + parents[node] + ", must be at least -1 and below " + node);
      }
    }
  }
}
