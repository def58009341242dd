package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import org.jspecify.annotations.Nullable;

/**
 * Shape of a call, as its mask needs it: batch entries, query heads, and the queries and keys of each batch entry. The numbers of queries
 * and keys differ between batch entries if {@code sequences} are packed or keys are cached.
 */
public record Extents(
    int batch, int queryHeads, int mostQueries, int mostKeys, @Nullable PackedSequences sequences, CachedSequence @Nullable [] cached) {

  /** Name of the number of keys in a row of scores, for messages of cached calls. */
  public static final String LONGEST_CACHE = "the number of rows of the longest cache";

  /** Suffix of a name in messages of packed calls. */
  public static final String LONGEST_SEQUENCE = " of the longest sequence";

  /** Name of the number of batch entries in messages. */
  public String batchName() {
    return sequences != null ? "the number of sequences" : cached != null ? "the number of caches" : "batch";
  }

  /** Name of the largest number of queries of a batch entry in messages. */
  public String queriesName() {
    return sequences == null ? "queries" : "queries" + LONGEST_SEQUENCE;
  }

  /** Name of the largest number of keys of a batch entry in messages. */
  public String keysName() {
    return cached != null ? LONGEST_CACHE : sequences == null ? "keys" : "keys" + LONGEST_SEQUENCE;
  }

  /** Extents of a call on batch × heads × rows views. */
  public static Extents of(Heads query, Heads key) {
    return new Extents(query.batch(), query.heads(), query.rows(), key.rows(), null, null);
  }

  /** Extents of a call on views of batch 1 that hold packed sequences. */
  public static Extents of(Heads query, PackedSequences sequences) {
    return new Extents(sequences.count(), query.heads(), sequences.mostQueries(), sequences.mostKeys(), sequences, null);
  }

  /** Extents of a call on cached keys; its queries may be packed. */
  public static Extents of(Heads query, CachedSequence[] cached, @Nullable PackedSequences sequences) {
    int most = 0;
    for (CachedSequence rows : cached) {
      most = Math.max(most, rows.rows());
    }
    int queries = sequences == null ? query.rows() : sequences.mostQueries();
    return new Extents(cached.length, query.heads(), queries, most, sequences, cached);
  }

  public int queries(int batchEntry) {
    return sequences == null ? mostQueries : sequences.queries(batchEntry);
  }

  public int keys(int batchEntry) {
    if (cached != null) {
      return cached[batchEntry].rows();
    }
    return sequences == null ? mostKeys : sequences.keys(batchEntry);
  }
}
