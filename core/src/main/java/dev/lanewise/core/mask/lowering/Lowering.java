package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Translates the masks of one call into what the kernels read: one band for all range masks, and the other masks beside it. */
public final class Lowering {
  private final CallShape shape;
  private @Nullable Band band;
  private @Nullable Visibility others;

  public Lowering(CallShape shape) {
    this.shape = shape;
  }

  public CallShape shape() {
    return shape;
  }

  /** The band that range masks narrow. */
  public Band band() {
    if (band == null) {
      band = new Band(shape);
    }
    return band;
  }

  /** Adds a mask that is no band. */
  public void add(Visibility other) {
    others = others == null ? other : new Intersection(others, other);
  }

  /**
   * Adds windows that also show the first keys of a batch entry: j ≥ i + from(b) or j &lt; sinks(b).
   *
   * @param sinks at least 0
   * @param depths depths of the last queries and keys, whose positions are counted; null if rows are counted
   */
  public void addWindows(IntToLongFunction from, IntUnaryOperator sinks, int @Nullable [] depths) {
    if (depths != null) {
      add(TreeWindows.of(shape, depths, from, sinks));
      return;
    }
    boolean hasSinks = false;
    for (int b = 0; b < shape.batch(); b++) {
      hasSinks |= sinks.applyAsInt(b) > 0;
    }
    Band windows = hasSinks ? new Band(shape) : band();
    for (int b = 0; b < shape.batch(); b++) {
      windows.entry(b).from(from.applyAsLong(b));
    }
    if (hasSinks) {
      Band first = new Band(shape);
      for (int b = 0; b < shape.batch(); b++) {
        first.entry(b).keysBelow(sinks.applyAsInt(b));
      }
      add(new Union(windows, first));
    }
  }

  public Visibility visibility() {
    if (others == null) {
      return band();
    }
    return band == null ? others : new Intersection(band, others);
  }

  /**
   * Intersection of two visibilities: of their ranges and of their bits. Bits outside a range have no meaning, so a mask without holes
   * counts as all ones.
   */
  private record Intersection(Visibility one, Visibility other) implements Visibility {
    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      int first = Math.max(one.firstKey(batchEntry, queryHead, query), other.firstKey(batchEntry, queryHead, query));
      return Math.min(first, endKey(batchEntry, queryHead, query));
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      return Math.min(one.endKey(batchEntry, queryHead, query), other.endKey(batchEntry, queryHead, query));
    }

    @Override
    public boolean showsAll(int batchEntry) {
      return one.showsAll(batchEntry) && other.showsAll(batchEntry);
    }

    @Override
    public boolean hasHoles() {
      return one.hasHoles() || other.hasHoles();
    }

    @Override
    public int nextKey(int batchEntry, int queryHead, int query, int key) {
      return Math.max(one.nextKey(batchEntry, queryHead, query, key), other.nextKey(batchEntry, queryHead, query, key));
    }

    @Override
    public long keys64(int batchEntry, int queryHead, int query, int word) {
      long bits = one.hasHoles() ? one.keys64(batchEntry, queryHead, query, word) : -1L;
      return other.hasHoles() ? bits & other.keys64(batchEntry, queryHead, query, word) : bits;
    }
  }
}
