package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;

/** A cache as calls read and change it: its rows and its lock. */
public interface PagedCache {
  /**
   * The rows.
   *
   * @hidden
   */
  PageTable table();

  /**
   * The lock of the cache, which refuses calls that would overlap.
   *
   * @hidden
   */
  CacheLock lock();

  /**
   * Locks the cache for reading, and returns its rows. They do not change until {@link #releaseShared}.
   *
   * @throws IllegalStateException if a call is changing them, or the cache is closed
   * @hidden
   */
  default CachedSequence acquireShared() {
    lock().acquireShared();
    return table();
  }

  /**
   * Unlocks the cache after {@link #acquireShared}.
   *
   * @hidden
   */
  default void releaseShared() {
    lock().releaseShared();
  }
}
