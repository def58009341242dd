package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.SequenceStarts;
import dev.lanewise.kernels.internal.Checks;
import org.jspecify.annotations.Nullable;

/**
 * Where the rows of a layer stand, and what that does to its queries, keys and scores. Rows of a cache count from its first; without a
 * cache the last query stands where the last key does, and the first of the more numerous at 0.
 *
 * @param sequences of packed rows; null if none are packed
 */
record Placement(LayerPositions positions, @Nullable SequenceStarts sequences) {
  static final Placement NONE = new Placement(Positions.none(), null);

  Placement withPositions(LayerPositions newPositions, Projections layer) {
    switch (newPositions) {
      case QueryKeyPositions turning -> Checks.same("positions.headDim", turning.headDim(), "headDim", layer.headDim());
      case ScorePositions scoring -> Checks.same("positions.numHeads", scoring.numHeads(), "numHeads", layer.numHeads());
      case NoPositions none -> {}
    }
    return new Placement(newPositions, sequences);
  }

  Placement withSequences(SequenceStarts newSequences) {
    return new Placement(positions, newSequences);
  }

  /** Turns queries and keys that no cache gives positions. */
  void turn(Heads queries, Heads keys) {
    if (!(positions instanceof QueryKeyPositions turning)) {
      return;
    }
    if (sequences == null) {
      turning.apply(queries, queries, Math.max(0, keys.rows() - queries.rows()));
      turning.apply(keys, keys, Math.max(0, queries.rows() - keys.rows()));
    } else {
      turning.apply(queries, queries, PackedPositions.ofQueries(sequences));
      turning.apply(keys, keys, PackedPositions.ofKeys(sequences));
    }
  }

  /** Turns queries and keys that go behind {@code before} rows of a cache. */
  void turn(Heads queries, Heads keys, int[] before) {
    if (positions instanceof QueryKeyPositions turning) {
      turning.applyFrom(queries, queries, before);
      turning.applyFrom(keys, keys, before);
    }
  }

  /** The attention of a call without caches. */
  Attention score(Attention attention, int queries, int keys) {
    if (!(positions instanceof ScorePositions scoring)) {
      return attention;
    }
    if (sequences == null) {
      return scoring.applyTo(attention, queries, keys);
    }
    int most = sequences.mostKeys() - sequences.mostQueries();
    for (int s = 0; s < sequences.count() && scoring instanceof RelativePositions; s++) {
      if (sequences.queries(s) > 0 && sequences.keys(s) > 0) {
        String name = "keys less queries of sequence " + s;
        Checks.same(name, sequences.keys(s) - sequences.queries(s), "those of the longest, which relative buckets ask for,", most);
      }
    }
    return scoring.applyTo(attention, sequences.mostQueries(), sequences.mostKeys());
  }

  /** The attention of a call whose {@code rows} queries and keys go behind {@code before} rows of each cache. */
  Attention score(Attention attention, int[] before, int rows, Scratch scratch, int buffer) {
    return switch (positions) {
      case AlibiPositions alibi -> alibi.applyTo(attention, 0, 0);
      case RelativePositions relative -> {
        int most = 0;
        for (int first : before) {
          most = Math.max(most, first);
        }
        yield relative.applyFrom(attention, before, rows, Math.addExact(most, rows), scratch, buffer);
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
