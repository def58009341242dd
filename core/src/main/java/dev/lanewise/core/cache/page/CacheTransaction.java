package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The changes of one call to caches. Without {@link #commit} none of them remains. The call has exclusive use of its caches from {@link
 * #enter} to {@link #close}, so no other call sees rows that may still be removed.
 */
public final class CacheTransaction implements AutoCloseable {
  private final List<PagedCache> entered = new ArrayList<>();

  public CacheTransaction() {
    StackSpace.check();
  }

  /**
   * Locks caches for this call. Rows may then be appended once to all of them.
   *
   * @return the same caches in a list that cannot change
   * @throws IllegalStateException if a cache is closed or in use
   * @throws IllegalArgumentException if a cache occurs twice
   */
  @SuppressWarnings("unchecked") // the caches just entered have type C
  public <C extends PagedCache> List<C> enter(List<C> caches) {
    int first = entered.size();
    for (PagedCache cache : caches) {
      Objects.requireNonNull(cache, "caches");
      for (int b = first; b < entered.size(); b++) {
        if (entered.get(b) == cache) {
          throw new IllegalArgumentException("caches[" + (entered.size() - first) + "] is caches[" + (b - first) + "] again");
        }
      }
      entered.add(cache);
      boolean done = false;
      try {
        cache.lock().acquireExclusive();
        done = true;
      } finally {
        if (!done) {
          entered.removeLast();
        }
      }
    }
    return (List<C>) List.copyOf(entered.subList(first, entered.size()));
  }

  /** Number of rows of each cache. */
  public static int[] rows(List<? extends PagedCache> caches) {
    return caches.stream().mapToInt(cache -> cache.table().rows()).toArray();
  }

  /**
   * Appends rows to caches that have been entered, those of a batch entry or packed sequence to each. Memory is reserved for all of them
   * before anything is written.
   *
   * @param sequences the sequences that the rows belong to, by their query starts; null for one sequence in each batch entry
   * @return the rows of the caches, including the new ones
   * @throws IllegalStateException if a cache is full or a pool exhausted
   */
  public CachedSequence[] append(List<? extends PagedCache> caches, Heads key, Heads value, @Nullable PackedSequences sequences) {
    CachedSequence[] rows = new CachedSequence[caches.size()];
    for (int s = 0; s < rows.length; s++) {
      caches.get(s).table().reserve(sequences == null ? key.rows() : sequences.queries(s));
    }
    for (int s = 0; s < rows.length; s++) {
      PageTable table = caches.get(s).table();
      if (sequences == null) {
        table.add(key, value, s);
      } else {
        int from = sequences.queryStart(s);
        int to = sequences.queryStart(s + 1);
        table.add(key.rows(from, to), value.rows(from, to), 0);
      }
      rows[s] = table;
    }
    return rows;
  }

  /** Makes the appended rows permanent. */
  public void commit() {
    for (PagedCache cache : entered) {
      cache.table().commit();
    }
  }

  /** Removes rows that were not committed, and unlocks the caches. */
  @Override
  public void close() {
    for (PagedCache cache : entered) {
      cache.table().rollback();
      cache.lock().releaseExclusive();
    }
  }
}
