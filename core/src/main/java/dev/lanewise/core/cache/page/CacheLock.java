package dev.lanewise.core.cache.page;

import java.util.concurrent.atomic.AtomicInteger;

/** Lock of a cache: it has no user, one writer, or any number of readers. The lock never waits: it refuses a call that would overlap. */
public final class CacheLock {
  private static final int WRITER = -1;
  private static final int CLOSED = -2;

  /** The number of readers, or one of the above. */
  private final AtomicInteger state = new AtomicInteger();

  /**
   * Locks the cache for a reader.
   *
   * @throws IllegalStateException if there is a writer, or the cache is closed
   */
  public void acquireShared() {
    while (true) {
      int readers = state.get();
      if (readers < 0) {
        throw refused(readers);
      }
      if (state.compareAndSet(readers, readers + 1)) {
        return;
      }
    }
  }

  public void releaseShared() {
    state.getAndDecrement();
  }

  /**
   * Locks the cache for a writer.
   *
   * @throws IllegalStateException if there is another user, or the cache is closed
   */
  public void acquireExclusive() {
    if (!state.compareAndSet(0, WRITER)) {
      throw refused(state.get());
    }
  }

  public void releaseExclusive() {
    state.set(0);
  }

  /**
   * Locks the cache for a writer that closes it. Returns false if the cache is already closed.
   *
   * @throws IllegalStateException if there is another user
   */
  public boolean acquireToClose() {
    if (state.compareAndSet(0, WRITER)) {
      return true;
    }
    int now = state.get();
    if (now != CLOSED) {
      throw refused(now);
    }
    return false;
  }

  /** Unlocks the cache for ever: every later call is refused. */
  public void closeExclusive() {
    state.set(CLOSED);
  }

  private static IllegalStateException refused(int state) {
    if (state == CLOSED) {
      return new IllegalStateException("the cache is closed");
    }
    String others = state > 0 ? state + " calls read it" : "another call changes it";
    return new IllegalStateException("the cache is in use: " + others + "; a cache is for one thread at a time");
  }
}
