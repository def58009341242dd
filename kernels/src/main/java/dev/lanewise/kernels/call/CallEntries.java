package dev.lanewise.kernels.call;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/**
 * The batch entries of a call: how many queries and keys each has, and where its rows begin in the views. This class itself describes
 * entries of equal size, each of which is a batch entry of the views.
 */
class CallEntries {
  private static final String LONGEST = " of the longest sequence";

  final int count;
  final int mostQueries;
  final int mostKeys;

  CallEntries(int count, int mostQueries, int mostKeys) {
    this.count = count;
    this.mostQueries = mostQueries;
    this.mostKeys = mostKeys;
  }

  /** The entries of views; {@code key} is null if only queries are in views. */
  static CallEntries of(Heads query, @Nullable Heads key, @Nullable PackedSequences sequences) {
    if (sequences == null) {
      return new CallEntries(query.batch(), query.rows(), key == null ? 0 : key.rows());
    }
    Checks.same("query.batch", query.batch(), "the batch of packed sequences", 1);
    Checks.same("queryStarts[last]", sequences.queryStart(sequences.count()), "query.rows", query.rows());
    if (key != null) {
      Checks.same("keyStarts[last]", sequences.keyStart(sequences.count()), "key.rows", key.rows());
    }
    return new Packed(sequences);
  }

  int queries(int entry) {
    return mostQueries;
  }

  int keys(int entry) {
    return mostKeys;
  }

  /** The batch entry of the views that holds an entry. */
  int viewEntry(int entry) {
    return entry;
  }

  /** The row of a view at which the queries of an entry begin. */
  int queryStart(int entry) {
    return 0;
  }

  /** The row of a view at which the keys of an entry begin. */
  int keyStart(int entry) {
    return 0;
  }

  /** Names of {@link #count}, {@link #mostQueries} and {@link #mostKeys} in messages. */
  Names names() {
    return new Names("batch", "queries", "keys");
  }

  record Names(String entries, String queries, String keys) {}

  /** Entries that follow each other in views of batch 1. */
  static final class Packed extends CallEntries {
    private final PackedSequences sequences;

    Packed(PackedSequences sequences) {
      super(sequences.count(), sequences.mostQueries(), sequences.mostKeys());
      this.sequences = sequences;
    }

    @Override
    int queries(int entry) {
      return sequences.queries(entry);
    }

    @Override
    int keys(int entry) {
      return sequences.keys(entry);
    }

    @Override
    int viewEntry(int entry) {
      return 0;
    }

    @Override
    int queryStart(int entry) {
      return sequences.queryStart(entry);
    }

    @Override
    int keyStart(int entry) {
      return sequences.keyStart(entry);
    }

    @Override
    Names names() {
      return new Names("the number of sequences", "queries" + LONGEST, "keys" + LONGEST);
    }
  }

  /** Entries whose keys are cached; their queries are in views. */
  static final class Cached extends CallEntries {
    final CachedSequence[] caches;
    final CallEntries views;

    Cached(CallEntries views, CachedSequence[] caches) {
      super(caches.length, views.mostQueries, most(caches));
      this.views = views;
      this.caches = caches;
      Checks.same("caches", count, views instanceof Packed ? views.names().entries : "query.batch", views.count);
    }

    private static int most(CachedSequence[] caches) {
      int most = 0;
      for (CachedSequence rows : caches) {
        most = Math.max(most, rows.rows());
      }
      return most;
    }

    @Override
    int queries(int entry) {
      return views.queries(entry);
    }

    @Override
    int keys(int entry) {
      return caches[entry].rows();
    }

    @Override
    int viewEntry(int entry) {
      return views.viewEntry(entry);
    }

    @Override
    int queryStart(int entry) {
      return views.queryStart(entry);
    }

    @Override
    Names names() {
      String entries = views instanceof Packed ? views.names().entries : "the number of caches";
      return new Names(entries, views.names().queries, "the number of rows of the longest cache");
    }
  }
}
