package dev.lanewise.kernels.runtime;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bounds the memory of all calls together: so many hold scratch at a time, and the others wait until one of these is over. What a call
 * calls in turn, on its own thread or on that of a helper, belongs to it and never waits. Other threads whose calls a caller's function
 * waits for do; so that these end, too, one more call is let in for each second in which none began or ended.
 */
public final class Admission {
  /** More than there are processors: some of those let in wait for helpers, or in a function of the caller's. */
  public static final int MOST = Math.max(8, 2 * Runtime.getRuntime().availableProcessors());

  private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Semaphore FREE = new Semaphore(MOST);
  private static final ThreadLocal<Depth> DEPTH = ThreadLocal.withInitial(Depth::new);

  /** When somebody was last let in or ended while others waited. */
  private static volatile long lastMove = System.nanoTime();

  private Admission() {}

  /** Of a thread: how many calls are inside one another, and whether the outermost holds one of the places. */
  private static final class Depth {
    private int calls;
    private boolean place;
  }

  /**
   * A call begins; each that does must {@link #leave}, on the same thread.
   *
   * @throws CancellationException if the thread is interrupted while it waits; it has not entered then
   */
  public static void enter() {
    Depth depth = DEPTH.get();
    if (depth.calls == 0) {
      depth.place = FREE.tryAcquire() || await();
    }
    depth.calls++;
  }

  /** A call is over. */
  public static void leave() {
    Depth depth = DEPTH.get();
    if (--depth.calls > 0) {
      return;
    }
    if (FREE.hasQueuedThreads()) {
      lastMove = System.nanoTime();
    }
    if (depth.place) {
      FREE.release();
    }
  }

  /** This thread begins to work for a call that another has entered; must {@link #leaveAsHelper}. */
  public static void enterAsHelper() {
    DEPTH.get().calls++;
  }

  /** It no longer does. */
  public static void leaveAsHelper() {
    DEPTH.get().calls--;
  }

  /** Waits for a place, true, or until nothing has moved for long, false. */
  private static boolean await() {
    long start = System.nanoTime();
    try {
      while (!FREE.tryAcquire(STALL_NANOS / 4, TimeUnit.NANOSECONDS)) {
        if (isStalled(start)) {
          return false;
        }
      }
      lastMove = System.nanoTime();
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Interruption.cancelled();
    }
  }

  /** Whether nothing has moved for long; only one of those who ask learns of it. */
  private static synchronized boolean isStalled(long start) {
    long now = System.nanoTime();
    if (now - lastMove < STALL_NANOS || now - start < STALL_NANOS) {
      return false;
    }
    lastMove = now;
    return true;
  }
}
