package dev.lanewise.core.mask;

import dev.lanewise.core.mask.lowering.Band;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.core.mask.lowering.TreeWindows;
import dev.lanewise.core.mask.lowering.Union;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Windows, lengths, and the combination of two masks. Their arrays are not shared with the caller. */
final class Masks {
  static final Mask NONE = window(Band.FAR, Band.FAR);

  private Masks() {}

  /** A window aligned bottom-right. A side without a limit is {@link Band#FAR}. */
  static WindowMask window(long left, long right) {
    return new WindowMask(left, right, 0, Diagonal.BOTTOM_RIGHT, null);
  }

  /**
   * The position of each query.
   *
   * @param bottomRight whether the last query has the position of the last key, unless there are offsets
   * @param offsets the position of the first query of each batch entry; null if the shape of a call decides
   */
  record Diagonal(boolean bottomRight, int @Nullable [] offsets) implements Mask.Alignment {
    static final Diagonal BOTTOM_RIGHT = new Diagonal(true, null);
    static final Diagonal TOP_LEFT = new Diagonal(false, null);

    /** The position of query 0. */
    long first(int batchEntry, int queries, int keys) {
      return offsets != null ? offsets[batchEntry] : bottomRight ? keys - queries : 0;
    }

    @Override
    public String toString() {
      return offsets != null ? "offsets" + Arrays.toString(offsets) : bottomRight ? "bottomRight" : "topLeft";
    }
  }

  /**
   * The keys around the position of a query. A side without a limit is {@link Band#FAR}.
   *
   * @param depths depths of the last queries and keys, whose positions the left side and the sinks count; null if they count rows
   */
  record WindowMask(long left, long right, int sinks, Diagonal diagonal, int @Nullable [] depths) implements Mask.Window {
    WindowMask {
      Checks.atLeast("window.left", left, 0);
      Checks.atLeast("window.right", right, 0);
      Checks.atLeast("window.sinks", sinks, 0);
    }

    @Override
    public Window withSinks(int newSinks) {
      return new WindowMask(left, right, newSinks, diagonal, depths);
    }

    @Override
    public Window withAlignment(Alignment alignment) {
      return new WindowMask(left, right, sinks, (Diagonal) Objects.requireNonNull(alignment, "alignment"), depths);
    }

    @Override
    public Mask withWindowDepths(int[] newDepths) {
      return new WindowMask(left, right, sinks, diagonal, newDepths);
    }

    @Override
    public void check(CallShape shape) {
      if (diagonal.offsets != null) {
        Checks.same("offsets.length", diagonal.offsets.length, shape.batchName(), shape.batch());
      }
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      long first = diagonal.first(batchEntry, queries, keys);
      long place = TreeWindows.place(key, keys, depths);
      long distance = place - (TreeWindows.place(query, queries, depths) + first);
      return key - (query + first) <= right && (distance >= -left || place < sinks);
    }

    @Override
    public void lower(Lowering lowering) {
      CallShape shape = lowering.shape();
      for (int b = 0; b < shape.batch(); b++) {
        lowering.band().entry(b).upTo(first(shape, b) + right);
      }
      if (left != Band.FAR) {
        lowering.addWindows(b -> first(shape, b) - left, b -> sinks, depths);
      }
    }

    private long first(CallShape shape, int b) {
      return diagonal.first(b, shape.queries(b), shape.keys(b));
    }

    @Override
    public String toString() {
      return "Window[" + name(left) + ", " + name(right) + ", " + sinks + ", " + diagonal + (depths == null ? "" : ", by position") + "]";
    }

    private static String name(long side) {
      return side == Band.FAR ? "open" : Long.toString(side);
    }
  }

  /** What the length of a batch entry limits. */
  enum Limit {
    KEYS("keyLengths"),
    QUERIES("queryLengths"),
    /** The keys that are not causal. */
    PREFIX("prefix");

    private final String mask;

    Limit(String mask) {
      this.mask = mask;
    }
  }

  /** A length for each batch entry. */
  record LengthMask(Limit limit, int[] lengths) implements Mask {
    static LengthMask of(Limit limit, int[] lengths) {
      return new LengthMask(limit, Objects.requireNonNull(lengths, "lengths").clone());
    }

    @Override
    public void check(CallShape shape) {
      Checks.same(limit.mask + ".length", lengths.length, shape.batchName(), shape.batch());
      for (int b = 0; b < lengths.length; b++) {
        boolean queries = limit == Limit.QUERIES;
        Checks.atLeast(limit.mask + "[" + b + "]", lengths[b], 0);
        Checks.atMost(limit.mask + "[" + b + "]", lengths[b], queries ? "queries" : "keys", queries ? shape.queries(b) : shape.keys(b));
      }
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      int length = lengths[batchEntry];
      return switch (limit) {
        case KEYS -> key < length;
        case QUERIES -> query < length;
        case PREFIX -> key < length || key <= position(query, queries, keys);
      };
    }

    @Override
    public void lower(Lowering lowering) {
      for (int b = 0; b < lengths.length; b++) {
        Band.Entry entry = lowering.band().entry(b);
        switch (limit) {
          case KEYS -> entry.keysBelow(lengths[b]);
          case QUERIES -> entry.queriesBelow(lengths[b]);
          case PREFIX -> entry.keysBelowOrCausal(lengths[b]);
        }
      }
    }

    @Override
    public String toString() {
      return limit.mask + Arrays.toString(lengths);
    }
  }

  /**
   * Two masks.
   *
   * @param both whether both have to show a key, or one of them is enough
   */
  record Pair(Mask one, Mask other, boolean both) implements Mask {
    static Pair both(Mask one, Mask other) {
      Pair pair = new Pair(one, other, true);
      int[] depths = pair.windowDepths();
      return depths == null ? pair : pair.withWindowDepths(depths);
    }

    @Override
    public int @Nullable [] windowDepths() {
      if (!both) {
        return null;
      }
      int[] depths = one.windowDepths();
      return depths == null ? other.windowDepths() : depths;
    }

    @Override
    public Pair withWindowDepths(int[] depths) {
      return new Pair(one.withWindowDepths(depths), other.withWindowDepths(depths), both);
    }

    @Override
    public void check(CallShape shape) {
      one.check(shape);
      other.check(shape);
    }

    @Override
    public int @Nullable [] depths() {
      int[] depths = one.depths();
      int[] others = other.depths();
      if (depths != null && others != null && !Arrays.equals(depths, others)) {
        throw new IllegalArgumentException("positions cannot follow two trees: " + one + " and " + other);
      }
      return depths == null ? others : depths;
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      boolean shown = one.visible(batchEntry, queryHead, query, key, queries, keys);
      return shown == both ? other.visible(batchEntry, queryHead, query, key, queries, keys) : shown;
    }

    @Override
    public void lower(Lowering lowering) {
      if (both) {
        one.lower(lowering);
        other.lower(lowering);
      } else {
        lowering.add(new Union(one.lower(lowering.shape()), other.lower(lowering.shape())));
      }
    }

    @Override
    public String toString() {
      return "(" + one + (both ? " and " : " or ") + other + ")";
    }
  }

  /** The key at a query's position, where the last query has the position of the last key; negative if there is no such key. */
  static int position(int query, int queries, int keys) {
    return query - queries + keys;
  }
}
