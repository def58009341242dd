package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;
import java.util.List;
import java.util.Objects;

/** Holds the caches of a batch for as long as a call reads them. */
public final class BatchRead {
  private BatchRead() {}

  /** The rows of all caches, or of none if one is refused; given back by {@link #release}. */
  public static CachedSequence[] acquire(List<? extends PagedCache> caches) {
    StackRoom.check();
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

  /** Gives the first {@code count} caches back. */
  public static void release(List<? extends PagedCache> caches, int count) {
    for (int b = 0; b < count; b++) {
      caches.get(b).releaseShared();
    }
  }
}
