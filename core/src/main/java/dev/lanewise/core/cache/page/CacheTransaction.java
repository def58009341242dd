package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What one call changes in caches: all of it or, unless {@link #commit} was reached, nothing. The call has its caches to itself from {@link
 * #enter} to {@link #close}, so that nobody sees rows that may be taken back.
 */
public final class CacheTransaction implements AutoCloseable {
  private final List<PagedCache> entered = new ArrayList<>();

  public CacheTransaction() {
    StackRoom.check();
  }

  /**
   * Enters caches, to all of which rows may then be appended once.
   *
   * @return the same caches in a list that nobody changes
   * @throws IllegalStateException if a cache is closed or in use
   * @throws IllegalArgumentException if a cache is there twice
   */
  @SuppressWarnings("unchecked") // those just entered are of the type given
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
        cache.usage().acquireExclusive();
        done = true;
      } finally {
        if (!done) {
          entered.removeLast();
        }
      }
    }
    return (List<C>) List.copyOf(entered.subList(first, entered.size()));
  }

  /** How many rows each of the caches has. */
  public static int[] rows(List<? extends PagedCache> caches) {
    return caches.stream().mapToInt(cache -> cache.table().rows()).toArray();
  }

  /**
   * Adds rows to caches that have been entered: all are given room, and only then is anything written.
   *
   * @return the rows of the caches, the new ones among them
   * @throws IllegalStateException if a cache is full or a pool exhausted
   */
  public CachedSequence[] append(List<? extends PagedCache> caches, Heads key, Heads value) {
    CachedSequence[] rows = new CachedSequence[caches.size()];
    for (PagedCache cache : caches) {
      cache.table().reserve(key.rows());
    }
    for (int b = 0; b < rows.length; b++) {
      caches.get(b).table().add(key, value, b);
      rows[b] = caches.get(b).table();
    }
    return rows;
  }

  /** Keeps what was appended. */
  public void commit() {
    for (PagedCache cache : entered) {
      cache.table().commit();
    }
  }

  /** Takes back what was not committed, and leaves the caches. */
  @Override
  public void close() {
    for (PagedCache cache : entered) {
      cache.table().rollback();
      cache.usage().releaseExclusive();
    }
  }
}
