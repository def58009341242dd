package dev.lanewise.core;

import dev.lanewise.kernels.Visibility;
import dev.lanewise.kernels.internal.Checks;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntUnaryOperator;

/** The masks that show each query one range of keys, and what joins two masks. Arrays are their own copies. */
final class Masks {
  private Masks() {}

  record None() implements RangeMask {
    static final None INSTANCE = new None();

    @Override
    public void check(Extents extents) {}

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return true;
    }

    @Override
    public long end(int batchEntry, int query, int queries, int keys) {
      return keys;
    }
  }

  record Causal(Alignment alignment) implements RangeMask {
    Causal {
      Objects.requireNonNull(alignment, "alignment");
    }

    @Override
    public void check(Extents extents) {}

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key <= (alignment == Alignment.TOP_LEFT ? query : position(query, queries, keys));
    }

    @Override
    public long end(int batchEntry, int query, int queries, int keys) {
      return (alignment == Alignment.TOP_LEFT ? query : position(query, queries, keys)) + 1L;
    }
  }

  record CausalOffsets(int[] offsets) implements RangeMask {
    @Override
    public void check(Extents extents) {
      Checks.same("causalOffsets.length", offsets.length, "batch", extents.batch());
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key <= (long) query + offsets[batchEntry];
    }

    @Override
    public long end(int batchEntry, int query, int queries, int keys) {
      return (long) query + offsets[batchEntry] + 1;
    }

    @Override
    public String toString() {
      return "CausalOffsets" + Arrays.toString(offsets);
    }
  }

  record Window(int left, int right) implements RangeMask {
    Window {
      Checks.atLeast("window.left", left, UNLIMITED);
      Checks.atLeast("window.right", right, UNLIMITED);
    }

    @Override
    public void check(Extents extents) {}

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      long distance = (long) key - position(query, queries, keys);
      return (left == UNLIMITED || distance >= -left) && (right == UNLIMITED || distance <= right);
    }

    @Override
    public long first(int query, int queries, int keys) {
      return left == UNLIMITED ? 0 : (long) position(query, queries, keys) - left;
    }

    @Override
    public long end(int batchEntry, int query, int queries, int keys) {
      return right == UNLIMITED ? keys : (long) position(query, queries, keys) + right + 1;
    }
  }

  record KeyLengths(int[] lengths) implements RangeMask {
    @Override
    public void check(Extents extents) {
      checkLengths("keyLengths", lengths, extents, "keys", extents::keys);
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key < lengths[batchEntry];
    }

    @Override
    public long end(int batchEntry, int query, int queries, int keys) {
      return lengths[batchEntry];
    }

    @Override
    public String toString() {
      return "KeyLengths" + Arrays.toString(lengths);
    }
  }

  record QueryLengths(int[] lengths) implements RangeMask {
    @Override
    public void check(Extents extents) {
      checkLengths("queryLengths", lengths, extents, "queries", extents::queries);
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return query < lengths[batchEntry];
    }

    @Override
    public long end(int batchEntry, int query, int queries, int keys) {
      return query < lengths[batchEntry] ? keys : 0;
    }

    @Override
    public String toString() {
      return "QueryLengths" + Arrays.toString(lengths);
    }
  }

  record Prefix(int[] lengths) implements RangeMask {
    @Override
    public void check(Extents extents) {
      checkLengths("prefix", lengths, extents, "keys", extents::keys);
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key < lengths[batchEntry] || key <= position(query, queries, keys);
    }

    @Override
    public long end(int batchEntry, int query, int queries, int keys) {
      return Math.max(lengths[batchEntry], position(query, queries, keys) + 1L);
    }

    @Override
    public String toString() {
      return "Prefix" + Arrays.toString(lengths);
    }
  }

  record Both(Mask one, Mask other) implements MaskRule {
    @Override
    public void check(Extents extents) {
      MaskRule.of(one).check(extents);
      MaskRule.of(other).check(extents);
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return one.visible(batchEntry, queryHead, query, key, queries, keys)
          && other.visible(batchEntry, queryHead, query, key, queries, keys);
    }

    @Override
    public Visibility lower(Extents extents) {
      return new Intersection(MaskRule.of(one).lower(extents), MaskRule.of(other).lower(extents));
    }
  }

  /** What both show: ranges overlap, and bits join; those outside a range do not matter, so a mask without holes says yes to all. */
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
    public boolean hasHoles() {
      return one.hasHoles() || other.hasHoles();
    }

    @Override
    public long keys64(int batchEntry, int queryHead, int query, int word) {
      long bits = one.hasHoles() ? one.keys64(batchEntry, queryHead, query, word) : -1L;
      return other.hasHoles() ? bits & other.keys64(batchEntry, queryHead, query, word) : bits;
    }
  }

  /** The key that a query stands at, when the last query stands at the last key; negative if there is none. */
  static int position(int query, int queries, int keys) {
    return query - queries + keys;
  }

  private static void checkLengths(String name, int[] lengths, Extents extents, String ofWhat, IntUnaryOperator most) {
    Checks.same(name + ".length", lengths.length, "batch", extents.batch());
    for (int b = 0; b < lengths.length; b++) {
      Checks.atLeast(name + "[" + b + "]", lengths[b], 0);
      Checks.atMost(name + "[" + b + "]", lengths[b], ofWhat, most.applyAsInt(b));
    }
  }
}
