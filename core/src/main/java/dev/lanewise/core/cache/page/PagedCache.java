package dev.lanewise.core.cache.page;

import dev.lanewise.kernels.cache.CachedSequence;

/** A cache as calls read and change it: its rows, and who is in it. */
public interface PagedCache {
  /**
   * The rows.
   *
   * @hidden
   */
  PageTable table();

  /**
   * The calls that read or change the cache.
   *
   * @hidden
   */
  Usage usage();

  /**
   * The rows for a call that reads them. Nobody changes them until {@link #releaseShared}.
   *
   * @throws IllegalStateException if a call is changing them, or the cache is closed
   * @hidden
   */
  default CachedSequence acquireShared() {
    usage().acquireShared();
    return table();
  }

  /**
   * Ends what {@link #acquireShared} began.
   *
   * @hidden
   */
  default void releaseShared() {
    usage().releaseShared();
  }
}
