package dev.lanewise.core.cache.page;

import java.util.concurrent.atomic.AtomicInteger;

/** Who is in a cache: nobody, one writer, or any number of readers. Nobody waits; who comes at the wrong time is refused. */
public final class Usage {
  private static final int WRITER = -1;
  private static final int CLOSED = -2;

  /** The number of readers, or one of the above. */
  private final AtomicInteger state = new AtomicInteger();

  /**
   * A reader comes in.
   *
   * @throws IllegalStateException if a writer is in, or the cache is closed
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
   * A writer comes in.
   *
   * @throws IllegalStateException if anybody is in, or the cache is closed
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
   * A writer comes in to close; false if the cache is closed.
   *
   * @throws IllegalStateException if anybody is in
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

  /** The writer that is in leaves, and nobody comes in any more. */
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
