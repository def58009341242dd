package dev.lanewise.core.mask;

import dev.lanewise.core.mask.lowering.Band;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.core.mask.lowering.Union;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The masks that show each query one range of keys, and the masks that combine two others. Their arrays are not shared with the caller. */
final class Masks {
  private Masks() {}

  record None() implements RangeMask {
    static final None INSTANCE = new None();

    @Override
    public void check(CallShape shape) {}

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return true;
    }

    @Override
    public void narrow(Band.Entry entry, int batchEntry) {}
  }

  record Causal(Alignment alignment) implements RangeMask {
    Causal {
      Objects.requireNonNull(alignment, "alignment");
    }

    @Override
    public void check(CallShape shape) {}

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key <= (alignment == Alignment.TOP_LEFT ? query : position(query, queries, keys));
    }

    @Override
    public void narrow(Band.Entry entry, int batchEntry) {
      entry.upTo(alignment == Alignment.TOP_LEFT ? 0 : entry.position());
    }
  }

  record CausalOffsets(int[] offsets) implements RangeMask {
    @Override
    public void check(CallShape shape) {
      Checks.same("causalOffsets.length", offsets.length, shape.batchName(), shape.batch());
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key <= (long) query + offsets[batchEntry];
    }

    @Override
    public void narrow(Band.Entry entry, int batchEntry) {
      entry.upTo(offsets[batchEntry]);
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
    public void check(CallShape shape) {}

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      long distance = (long) key - position(query, queries, keys);
      return (left == UNLIMITED || distance >= -left) && (right == UNLIMITED || distance <= right);
    }

    @Override
    public void narrow(Band.Entry entry, int batchEntry) {
      if (left != UNLIMITED) {
        entry.from((long) entry.position() - left);
      }
      if (right != UNLIMITED) {
        entry.upTo((long) entry.position() + right);
      }
    }
  }

  /** The first keys of every batch entry, or all keys if there are fewer. */
  record FirstKeys(int count) implements RangeMask {
    FirstKeys {
      Checks.atLeast("window.sinks", count, 0);
    }

    @Override
    public void check(CallShape shape) {}

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key < count;
    }

    @Override
    public void narrow(Band.Entry entry, int batchEntry) {
      entry.keysBelow(count);
    }
  }

  record KeyLengths(int[] lengths) implements RangeMask {
    @Override
    public void check(CallShape shape) {
      checkLengths("keyLengths", lengths, shape, "keys", shape::keys);
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key < lengths[batchEntry];
    }

    @Override
    public void narrow(Band.Entry entry, int batchEntry) {
      entry.keysBelow(lengths[batchEntry]);
    }

    @Override
    public String toString() {
      return "KeyLengths" + Arrays.toString(lengths);
    }
  }

  record QueryLengths(int[] lengths) implements RangeMask {
    @Override
    public void check(CallShape shape) {
      checkLengths("queryLengths", lengths, shape, "queries", shape::queries);
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return query < lengths[batchEntry];
    }

    @Override
    public void narrow(Band.Entry entry, int batchEntry) {
      entry.queriesBelow(lengths[batchEntry]);
    }

    @Override
    public String toString() {
      return "QueryLengths" + Arrays.toString(lengths);
    }
  }

  record Prefix(int[] lengths) implements RangeMask {
    @Override
    public void check(CallShape shape) {
      checkLengths("prefix", lengths, shape, "keys", shape::keys);
    }

    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return key < lengths[batchEntry] || key <= position(query, queries, keys);
    }

    @Override
    public void narrow(Band.Entry entry, int batchEntry) {
      entry.keysBelowOrCausal(lengths[batchEntry]);
    }

    @Override
    public String toString() {
      return "Prefix" + Arrays.toString(lengths);
    }
  }

  /** A combination of two masks. */
  sealed interface Pair extends Mask permits Both, Either {
    Mask one();

    Mask other();

    @Override
    default void check(CallShape shape) {
      one().check(shape);
      other().check(shape);
    }

    @Override
    default int @Nullable [] depths() {
      int[] depths = one().depths();
      int[] others = other().depths();
      if (depths != null && others != null && !Arrays.equals(depths, others)) {
        throw new IllegalArgumentException("positions cannot follow two trees: " + one() + " and " + other());
      }
      return depths == null ? others : depths;
    }
  }

  record Both(Mask one, Mask other) implements Pair {
    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return one.visible(batchEntry, queryHead, query, key, queries, keys)
          && other.visible(batchEntry, queryHead, query, key, queries, keys);
    }

    @Override
    public void lower(Lowering lowering) {
      one.lower(lowering);
      other.lower(lowering);
    }
  }

  record Either(Mask one, Mask other) implements Pair {
    @Override
    public boolean visible(int batchEntry, int queryHead, int query, int key, int queries, int keys) {
      return one.visible(batchEntry, queryHead, query, key, queries, keys)
          || other.visible(batchEntry, queryHead, query, key, queries, keys);
    }

    @Override
    public void lower(Lowering lowering) {
      lowering.add(new Union(one.lower(lowering.shape()), other.lower(lowering.shape())));
    }
  }

  /** The key at a query's position, where the last query has the position of the last key; negative if there is no such key. */
  static int position(int query, int queries, int keys) {
    return query - queries + keys;
  }

  private static void checkLengths(String name, int[] lengths, CallShape shape, String ofWhat, IntUnaryOperator most) {
    Checks.same(name + ".length", lengths.length, shape.batchName(), shape.batch());
    for (int b = 0; b < lengths.length; b++) {
      Checks.atLeast(name + "[" + b + "]", lengths[b], 0);
      Checks.atMost(name + "[" + b + "]", lengths[b], ofWhat, most.applyAsInt(b));
    }
  }
}
