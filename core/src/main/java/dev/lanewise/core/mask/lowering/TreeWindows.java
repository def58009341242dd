package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Windows over the positions of a tree, whose nodes are the last queries and keys: a row before the tree has its number as position, a node
 * its depth plus the number of rows before the tree. Query i sees key j if place(j) ≥ place(i) + from(b), or place(j) &lt; sinks(b).
 *
 * @param from distance from a query's row to the first place of its window, for each batch entry
 * @param sinks number of first places that stay visible, for each batch entry
 */
public record TreeWindows(CallShape shape, int[] depths, long[] from, int[] sinks, boolean hasHoles) implements Visibility {

  static TreeWindows of(CallShape shape, int[] depths, IntToLongFunction from, IntUnaryOperator sinks) {
    long[] shifts = new long[shape.batch()];
    int[] kept = new int[shape.batch()];
    boolean holes = false;
    for (int b = 0; b < shape.batch(); b++) {
      shifts[b] = from.applyAsLong(b);
      kept[b] = sinks.applyAsInt(b);
      holes |= kept[b] > 0;
      for (int depth : depths) {
        holes |= shape.queries(b) - depths.length + depth + shifts[b] > shape.keys(b) - depths.length;
      }
    }
    return new TreeWindows(shape, depths, shifts, kept, holes);
  }

  /** The place of a row of {@code rows}; without depths its number. */
  public static int place(int row, int rows, int @Nullable [] depths) {
    int before = depths == null ? rows : rows - depths.length;
    return depths == null || row < before ? row : before + depths[row - before];
  }

  /** The first place of a query's window. */
  private long first(int b, int query) {
    return place(query, shape.queries(b), depths) + from[b];
  }

  private int before(int b) {
    return shape.keys(b) - depths.length;
  }

  @Override
  public int firstKey(int batchEntry, int queryHead, int query) {
    return sinks[batchEntry] > 0 ? 0 : next(batchEntry, query, 0);
  }

  @Override
  public int endKey(int batchEntry, int queryHead, int query) {
    return shape.keys(batchEntry);
  }

  @Override
  public int nextKey(int batchEntry, int queryHead, int query, int key) {
    return key < sinks[batchEntry] ? key : next(batchEntry, query, key);
  }

  /** The first key from {@code key} on that is in the window, or a node that is a sink. */
  private int next(int b, int query, int key) {
    long first = first(b, query);
    int next = (int) Math.max(key, Math.min(first, before(b)));
    while (next >= before(b) && next < shape.keys(b) && !sees(b, first, next)) {
      next++;
    }
    return next;
  }

  private boolean sees(int b, long first, int key) {
    int place = place(key, shape.keys(b), depths);
    return place >= first || place < sinks[b];
  }

  @Override
  public long keys64(int batchEntry, int queryHead, int query, int word) {
    int start = Long.SIZE * word;
    int end = Math.min(start + Long.SIZE, shape.keys(batchEntry));
    long first = first(batchEntry, query);
    if (start >= first && end <= before(batchEntry)) {
      return -1L;
    }
    long bits = 0;
    for (int key = start; key < end; key++) {
      bits |= sees(batchEntry, first, key) ? 1L << key : 0;
    }
    return bits;
  }
}
