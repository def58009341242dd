package dev.lanewise.core.mask;

import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.core.mask.lowering.TreeDepths;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A tree of drafted tokens: its nodes are the last queries and the last keys. */
final class TreeMask implements Mask.Tree {
  private static final int ROOT = TreeDepths.ROOT;

  private final int[] parents;
  private final boolean windowsByPosition;

  /** Number of ancestors of each node. */
  private final int[] depths;

  /** Root of each node's path. */
  private final int[] roots;

  /** A row of bits for each node, set for the node and its ancestors. */
  private final long[] paths;

  private final int wordsPerPath;

  /** Whether the parent of every node is the node before it. The mask is then causal. */
  private final boolean chain;

  TreeMask(int[] parents, boolean windowsByPosition) {
    this.parents = parents;
    this.windowsByPosition = windowsByPosition;
    this.depths = TreeDepths.of(parents);
    this.roots = new int[parents.length];
    this.wordsPerPath = Math.ceilDiv(parents.length, Long.SIZE);
    this.paths = new long[Checks.product("parents.length", parents.length, "parents.length / 64", wordsPerPath)];
    boolean eachAfterItsParent = true;
    for (int node = 0; node < parents.length; node++) {
      int parent = parents[node];
      roots[node] = parent == ROOT ? node : roots[parent];
      if (parent != ROOT) {
        System.arraycopy(paths, parent * wordsPerPath, paths, node * wordsPerPath, wordsPerPath);
      }
      paths[node * wordsPerPath + node / Long.SIZE] |= 1L << node;
      eachAfterItsParent &= parent == node - 1;
    }
    this.chain = eachAfterItsParent;
  }

  @Override
  public int @Nullable [] depths() {
    return chain ? null : depths;
  }

  @Override
  public Tree withWindowsByPosition() {
    return new TreeMask(parents, true);
  }

  @Override
  public int @Nullable [] windowDepths() {
    return windowsByPosition ? depths() : null;
  }

  @Override
  public void check(CallShape shape) {
    for (int b = 0; b < shape.batch(); b++) {
      Checks.atMost("parents.length", parents.length, "queries", shape.queries(b));
      Checks.atMost("parents.length", parents.length, "keys", shape.keys(b));
    }
  }

  @Override
  public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
    int queryNode = query - (queries - parents.length);
    int keyNode = key - (keys - parents.length);
    if (queryNode < 0) {
      return key <= Masks.position(query, queries, keys);
    }
    int node = queryNode;
    while (node > keyNode && node != ROOT) {
      node = parents[node];
    }
    return keyNode < 0 || node == keyNode;
  }

  @Override
  public void lower(Lowering lowering) {
    lowering.add(new Paths(this, lowering.shape()));
  }

  @Override
  public String toString() {
    return "Tree" + Arrays.toString(parents) + (windowsByPosition ? " with windows by position" : "");
  }

  private record Paths(TreeMask tree, CallShape shape) implements Visibility {
    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      int node = node(batchEntry, query);
      return node >= 0 && before(batchEntry) == 0 ? tree.roots[node] : 0;
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      return Math.max(0, Masks.position(query, shape.queries(batchEntry), shape.keys(batchEntry)) + 1);
    }

    @Override
    public boolean hasHoles() {
      return !tree.chain;
    }

    @Override
    public long keys64(int batchEntry, int queryHead, int query, int word) {
      int node = node(batchEntry, query);
      return node < 0 ? -1L : tree.path64(node, Long.SIZE * word - before(batchEntry));
    }

    private int node(int batchEntry, int query) {
      return query - (shape.queries(batchEntry) - tree.parents.length);
    }

    /** Number of keys before the tree. */
    private int before(int batchEntry) {
      return shape.keys(batchEntry) - tree.parents.length;
    }
  }

  /** 64 bits of a node's path, beginning with node {@code from}. If {@code from} is negative, the bits for keys before the tree are set. */
  private long path64(int node, int from) {
    if (from <= -Long.SIZE) {
      return -1L;
    }
    int word = Math.floorDiv(from, Long.SIZE);
    int shift = Math.floorMod(from, Long.SIZE);
    long low = pathWord(node, word);
    return shift == 0 ? low : low >>> shift | pathWord(node, word + 1) << -shift;
  }

  private long pathWord(int node, int word) {
    if (word < 0) {
      return -1L;
    }
    return word < wordsPerPath ? paths[node * wordsPerPath + word] : 0;
  }
}
