package dev.lanewise.core.cache.page;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.runtime.Checks;
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
    enterAll(caches);
    return (List<C>) List.copyOf(entered.subList(first, entered.size()));
  }

  /** Locks caches, whose list cannot change; otherwise as {@link #enter}. */
  public void enterAll(List<? extends PagedCache> caches) {
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
  }

  /** Number of rows of each cache. */
  public static int[] rows(List<? extends PagedCache> caches) {
    int[] rows = new int[caches.size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = caches.get(i).table().rows();
    }
    return rows;
  }

  /**
   * Reserves memory for the rows of one later {@link #append} to caches that have been entered. A call reserves for all of its caches
   * before anything is written.
   *
   * @param rows number of rows of each batch entry
   * @param sequences the sequences that the rows belong to, by their key starts; null for one sequence in each batch entry
   * @throws IllegalStateException if a cache is full or a pool exhausted
   */
  public void reserve(List<? extends PagedCache> caches, int rows, @Nullable PackedSequences sequences) {
    for (int s = 0; s < caches.size(); s++) {
      caches.get(s).table().reserve(sequences == null ? rows : sequences.keys(s));
    }
  }

  /**
   * Appends rows to caches, those of a batch entry or packed sequence to each. Memory for them must have been reserved.
   *
   * @param sequences the sequences that the rows belong to, by their key starts; null for one sequence in each batch entry
   * @return the rows of the caches, including the new ones
   */
  public CachedSequence[] append(List<? extends PagedCache> caches, Heads key, Heads value, @Nullable PackedSequences sequences) {
    CachedSequence[] rows = new CachedSequence[caches.size()];
    for (int s = 0; s < rows.length; s++) {
      PageTable table = caches.get(s).table();
      if (sequences == null) {
        table.add(key, value, s);
      } else {
        int from = sequences.keyStart(s);
        int to = sequences.keyStart(s + 1);
        table.add(key.rows(from, to), value.rows(from, to), 0);
      }
      rows[s] = table;
    }
    return rows;
  }

  /**
   * Removes the last rows of caches that have been entered, for instance those of all layers: of all caches, or of none if one refuses. The
   * change is final at once.
   *
   * @param rows number of rows that remain in each cache
   * @throws IllegalArgumentException as {@link PageTable#truncate}
   */
  public void truncate(List<? extends PagedCache> caches, int rows) {
    edit(caches, (edit, cache) -> edit.prepareTruncate(rows));
  }

  /**
   * Keeps rows of caches that have been entered, in all caches or in none, see {@link KeyValueCache#keep}. The change is final at once.
   *
   * @param rows numbers of rows from {@code from} on, the same for each cache
   */
  public void keep(List<? extends PagedCache> caches, int from, int... rows) {
    edit(caches, (edit, cache) -> edit.prepareKeep(from, rows));
  }

  /**
   * Removes a range of rows of caches that have been entered, in all caches or in none, see {@link KeyValueCache#remove(int, int,
   * RotaryTable)}. The change is final at once.
   *
   * @param rotary for each cache the table that moves the later keys to their new positions, or null to leave them as they are
   */
  public void remove(List<? extends PagedCache> caches, int from, int to, List<@Nullable RotaryTable> rotary) {
    Checks.same("the number of tables", rotary.size(), "the number of caches", caches.size());
    edit(caches, (edit, cache) -> edit.prepareRemove(from, to, rotary.get(cache)));
  }

  /** Prepares the change of one cache. */
  private interface Preparation {
    void prepare(PageEdit edit, int cache);
  }

  private static void edit(List<? extends PagedCache> caches, Preparation preparation) {
    int prepared = 0;
    try {
      for (; prepared < caches.size(); prepared++) {
        preparation.prepare(caches.get(prepared).table().edit(), prepared);
      }
    } finally {
      for (int i = 0; prepared < caches.size() && i < prepared; i++) {
        caches.get(i).table().edit().cancel();
      }
    }
    for (PagedCache cache : caches) {
      cache.table().edit().apply();
    }
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
