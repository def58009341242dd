package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import java.util.List;
import java.util.Objects;

/** Locks the caches of a batch for reading during a call. */
public final class BatchRead {
  private BatchRead() {}

  /** Locks all caches for reading, or none of them if one is refused, and returns their rows; {@link #release} unlocks them. */
  public static CachedSequence[] acquire(List<? extends PagedCache> caches) {
    StackSpace.check();
    CachedSequence[] rows = new CachedSequence[caches.size()];
    int acquired = 0;
    try {
      for (; acquired < rows.length; acquired++) {
        rows[acquired] = Objects.requireNonNull(caches.get(acquired), "caches").acquireShared();
      }
    } finally {
      if (acquired < rows.length) {
        release(caches, acquired);
      }
    }
    return rows;
  }

  /** Unlocks the first {@code count} caches. */
  public static void release(List<? extends PagedCache> caches, int count) {
    for (int b = 0; b < count; b++) {
      caches.get(b).releaseShared();
    }
  }
}
