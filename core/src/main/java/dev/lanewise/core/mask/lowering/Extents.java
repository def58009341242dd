package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import org.jspecify.annotations.Nullable;

/**
 * How large a call is, for its mask: batch entries, query heads, and the queries and keys of each batch entry, which differ if {@code
 * sequences} are packed or keys are cached.
 */
public record Extents(
    int batch, int queryHeads, int mostQueries, int mostKeys, @Nullable PackedSequences sequences, CachedSequence @Nullable [] cached) {

  /** How errors name the number of keys that rows of scores have. */
  public static final String LONGEST_CACHE = "the number of rows of the longest cache";

  /** Behind what errors count. */
  public static final String LONGEST_SEQUENCE = " of the longest sequence";

  /** How errors name the number of batch entries. */
  public String batchName() {
    return sequences != null ? "the number of sequences" : cached != null ? "the number of caches" : "batch";
  }

  /** How errors name the most queries of a batch entry. */
  public String queriesName() {
    return sequences == null ? "queries" : "queries" + LONGEST_SEQUENCE;
  }

  /** How errors name the most keys of a batch entry. */
  public String keysName() {
    return cached != null ? LONGEST_CACHE : sequences == null ? "keys" : "keys" + LONGEST_SEQUENCE;
  }

  /** Of batch × heads × rows views. */
  public static Extents of(Heads query, Heads key) {
    return new Extents(query.batch(), query.heads(), query.rows(), key.rows(), null, null);
  }

  /** Of views of batch 1 that hold sequences one after the other. */
  public static Extents of(Heads query, PackedSequences sequences) {
    return new Extents(sequences.count(), query.heads(), sequences.mostQueries(), sequences.mostKeys(), sequences, null);
  }

  /** Of queries, perhaps packed, to cached keys. */
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
