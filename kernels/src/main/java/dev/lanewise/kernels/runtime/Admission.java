package dev.lanewise.kernels.runtime;

import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bounds the memory of all calls: at most {@link #MOST} calls hold scratch at a time, and other calls wait for a permit. A call within a
 * call, on the same thread or on a helper's, belongs to the outer call and never waits. A caller's function may itself wait for calls on
 * other threads. To let these finish, one more call is admitted for each second in which no call began or ended.
 */
public final class Admission {
  /** The most calls at a time. There are more than processors, because some admitted calls wait for helpers or in a caller's function. */
  public static final int MOST = Math.max(8, 2 * Runtime.getRuntime().availableProcessors());

  private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Semaphore FREE = new Semaphore(MOST);
  private static final ThreadLocal<Place> PLACE = ThreadLocal.withInitial(Place::new);

  /** The time at which a call was last admitted, or last ended while others waited. */
  private static volatile long lastMove = System.nanoTime();

  private Admission() {}

  /** The state of a thread: its number of nested calls, and whether the outermost holds a permit. */
  static final class Place {
    private int calls;
    private boolean permit;

    /** Number of members of all pools that the thread holds and must return itself. */
    int held;
  }

  /** The state of the calling thread. */
  static Place place() {
    return PLACE.get();
  }

  /**
   * Enters a call, which must {@link #leave} on the same thread.
   *
   * @throws CancellationException if the thread is interrupted while it waits; the call has not entered
   */
  public static void enter() {
    enterPlace();
  }

  /** As {@link #enter}; returns the state of the calling thread. */
  static Place enterPlace() {
    Place place = PLACE.get();
    if (place.calls == 0) {
      place.permit = FREE.tryAcquire() || await();
    }
    place.calls++;
    return place;
  }

  /** Leaves a call. */
  public static void leave() {
    leave(PLACE.get());
  }

  /** As {@link #leave()}, with the state of the calling thread. */
  static void leave(Place place) {
    if (--place.calls > 0) {
      return;
    }
    if (FREE.hasQueuedThreads()) {
      lastMove = System.nanoTime();
    }
    if (place.permit) {
      FREE.release();
    }
  }

  /** Marks this thread as a helper of a call that another thread has entered; the thread must {@link #leaveAsHelper}. */
  public static void enterAsHelper() {
    PLACE.get().calls++;
  }

  /** Ends the work of a helper. */
  public static void leaveAsHelper() {
    PLACE.get().calls--;
  }

  /** Waits for a permit. Returns true with a permit, or false after a stall. */
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

  /** Whether no call was admitted or ended for long; only one of the waiting threads gets true for a stall. */
  private static synchronized boolean isStalled(long start) {
    long now = System.nanoTime();
    if (now - lastMove < STALL_NANOS || now - start < STALL_NANOS) {
      return false;
    }
    lastMove = now;
    return true;
  }
}
