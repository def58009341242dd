package dev.lanewise.core;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.SequenceStarts;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the rows of a layer stand, and what that does to its queries, keys and scores. Rows of a cache count from its first; without a
 * cache the last query stands where the last key does, and the first of the more numerous at 0. The nodes of a tree of the attention's mask
 * stand at their depth.
 */
record Placement(LayerPositions positions) {
  static final Placement NONE = new Placement(Positions.none());

  /**
   * Checks that the positions fit a layer, and can be combined with its attention.
   *
   * @throws IllegalArgumentException naming what does not fit
   */
  void check(Projections layer, Attention attention) {
    switch (positions) {
      case QueryKeyPositions turning -> Checks.same("positions.headDim", turning.headDim(), "headDim", layer.headDim());
      case ScorePositions scoring -> {
        Checks.same("positions.numHeads", scoring.numHeads(), "numHeads", layer.numHeads());
        if (scoring instanceof AlibiPositions alibi) {
          alibi.score(attention);
        }
      }
      case NoPositions none -> {}
    }
  }

  /** Turns queries and keys that no cache gives positions. */
  void turn(Attention attention, Heads queries, Heads keys) {
    if (!(positions instanceof QueryKeyPositions turning)) {
      return;
    }
    SequenceStarts sequences = attention.settings().sequences;
    int[] depths = attention.settings().depths();
    if (sequences != null) {
      turning.apply(queries, queries, RowPositions.ofQueries(sequences, depths));
      turning.apply(keys, keys, RowPositions.ofKeys(sequences, depths));
      return;
    }
    int[] first = new int[queries.batch()];
    Arrays.fill(first, Math.max(0, keys.rows() - queries.rows()));
    turn(turning, queries, first, depths);
    Arrays.fill(first, Math.max(0, queries.rows() - keys.rows()));
    turn(turning, keys, first, depths);
  }

  /** Turns queries and keys that go behind {@code before} rows of a cache. */
  void turn(Attention attention, Heads queries, Heads keys, int[] before) {
    if (positions instanceof QueryKeyPositions turning) {
      int[] depths = attention.settings().depths();
      turn(turning, queries, before, depths);
      turn(turning, keys, before, depths);
    }
  }

  private static void turn(QueryKeyPositions turning, Heads rows, int[] first, int @Nullable [] depths) {
    if (depths == null) {
      turning.applyFrom(rows, rows, first);
    } else {
      turning.apply(rows, rows, RowPositions.ofBatch(first, rows.rows(), depths));
    }
  }

  /**
   * Checks that positions can act on a call without caches.
   *
   * @throws IllegalArgumentException naming the sequence that does not fit
   */
  void checkCall(Attention attention, int queries, int keys) {
    if (positions == Positions.none()) {
      return;
    }
    boolean tree = attention.settings().depths() != null;
    SequenceStarts sequences = attention.settings().sequences;
    if (!(positions instanceof RelativePositions relative)) {
      return;
    }
    if (sequences == null) {
      relative.checkSize(1, queries, keys);
      return;
    }
    relative.checkSize(tree ? sequences.count() : 1, sequences.mostQueries(), sequences.mostKeys());
    if (tree) {
      return;
    }
    int most = sequences.mostKeys() - sequences.mostQueries();
    for (int s = 0; s < sequences.count(); s++) {
      if (sequences.queries(s) > 0 && sequences.keys(s) > 0) {
        String name = "keys less queries of sequence " + s;
        Checks.same(name, sequences.keys(s) - sequences.queries(s), "those of the longest, which relative buckets ask for,", most);
      }
    }
  }

  /** The attention of a call without caches, which has passed {@link #checkCall}. */
  Attention score(Attention attention, int queries, int keys, Scratch scratch, int buffer) {
    SequenceStarts sequences = attention.settings().sequences;
    return switch (positions) {
      case AlibiPositions alibi -> alibi.score(attention);
      case RelativePositions relative when sequences == null -> relative.applyTo(attention, queries, keys);
      case RelativePositions relative when attention.settings().depths() != null -> {
        int[] queriesOfEach = new int[sequences.count()];
        int[] keysOfEach = new int[sequences.count()];
        Arrays.setAll(queriesOfEach, sequences::queries);
        Arrays.setAll(keysOfEach, sequences::keys);
        yield relative.applyToEach(attention, queriesOfEach, keysOfEach, scratch, buffer);
      }
      case RelativePositions relative -> relative.applyTo(attention, sequences.mostQueries(), sequences.mostKeys());
      case QueryKeyPositions turning -> attention;
      case NoPositions none -> attention;
    };
  }

  /** Checks that positions can act on a call whose {@code rows} queries and keys go behind {@code before} rows of each cache. */
  void checkCached(Attention attention, int[] before, int rows) {
    if (positions == Positions.none()) {
      return;
    }
    attention.settings().depths(); // there must not be two trees
    if (positions instanceof RelativePositions relative) {
      int entries = Arrays.stream(before).distinct().count() <= 1 ? 1 : before.length; // which share a bias where they are equally long
      relative.checkSize(entries, rows, Math.addExact(Arrays.stream(before).max().orElse(0), rows));
    }
  }

  /** The attention of a call whose {@code rows} queries and keys go behind {@code before} rows of each cache. */
  Attention score(Attention attention, int[] before, int rows, Scratch scratch, int buffer) {
    return switch (positions) {
      case AlibiPositions alibi -> alibi.score(attention);
      case RelativePositions relative -> {
        int[] queries = new int[before.length];
        int[] keys = new int[before.length];
        Arrays.fill(queries, rows);
        Arrays.setAll(keys, b -> Math.addExact(before[b], rows));
        yield relative.applyToEach(attention, queries, keys, scratch, buffer);
      }
      case QueryKeyPositions turning -> attention;
      case NoPositions none -> attention;
    };
  }

  void checkNone() {
    if (positions != Positions.none()) {
      throw new IllegalStateException("the layer has positions, " + positions + ", but a memory that is kept in caches has none");
    }
  }
}
