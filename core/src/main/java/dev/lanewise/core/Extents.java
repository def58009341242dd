package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.SequenceStarts;
import org.jspecify.annotations.Nullable;

/**
 * How large a call is, for its mask: batch entries, query heads, and the queries and keys of each batch entry, which differ if {@code
 * sequences} are packed.
 */
record Extents(int batch, int queryHeads, int mostQueries, int mostKeys, @Nullable SequenceStarts sequences) {

  /** Of batch × heads × rows views. */
  static Extents of(Heads query, Heads key) {
    return new Extents(query.batch(), query.heads(), query.rows(), key.rows(), null);
  }

  /** Of views of batch 1 that hold sequences one after the other. */
  static Extents of(Heads query, SequenceStarts sequences) {
    return new Extents(sequences.count(), query.heads(), sequences.mostQueries(), sequences.mostKeys(), sequences);
  }

  int queries(int batchEntry) {
    return sequences == null ? mostQueries : sequences.queries(batchEntry);
  }

  int keys(int batchEntry) {
    return sequences == null ? mostKeys : sequences.keys(batchEntry);
  }
}
