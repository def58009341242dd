package dev.lanewise.core;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Maps task indexes to threads. The caller's thread always takes part, and could do all of the work alone: helpers only take tasks off it.
 * They come from one pool of daemon threads, shared by the whole JVM, that grows when asked and shrinks when idle.
 */
final class Workers {
  /** More helpers than this are never alive at once, whatever all callers ask for together; beyond it a caller works with fewer. */
  static final int MAX_HELPERS = Math.max(64, 2 * Runtime.getRuntime().availableProcessors());

  /** Multiply-adds that outweigh waking a thread: some ten microseconds on SIMD lanes. */
  static final long WORK_PER_THREAD = 1L << 18;

  private static final long IDLE_SECONDS = 10;

  /** A synchronous queue holds nothing, so no helper is ever promised: it starts at once, or (discard) the caller goes on without. */
  private static final ThreadPoolExecutor POOL =
      new ThreadPoolExecutor(
          0,
          MAX_HELPERS,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("lanewise-", 1).inheritInheritableThreadLocals(false).factory(),
          new ThreadPoolExecutor.DiscardPolicy());

  /**
   * Helpers that have just finished a job look out for another one for this long before they go: waking a sleeping thread takes 20 to 100
   * microseconds, and a layer has ten steps that may each be shorter than that.
   */
  private static final long LOOKOUT_NANOS = 100_000;

  /** Looks at the slots between two looks at the clock. */
  private static final int LOOKS = 64;

  /** Those that look out; fewer than there are processors, so that nobody works slower because somebody else waits. */
  private static final AtomicReferenceArray<@Nullable Helper> LOOKOUTS =
      new AtomicReferenceArray<>(Math.min(MAX_HELPERS, Runtime.getRuntime().availableProcessors() - 1));

  private Workers() {}

  /** A call's work, cut into independent pieces. */
  @FunctionalInterface
  interface Task {
    /** Does piece {@code index}; called once for each, from any thread. */
    void run(int index);
  }

  /**
   * Runs the tasks 0 to {@code tasks} − 1, each once, and returns when all have ended. The first exception stops tasks that have not
   * started and is thrown here, once those that have started are over.
   *
   * @param threads how many threads may share the work, the caller's among them
   * @param work multiply-adds of all tasks together; little work is shared by fewer threads
   */
  static void run(int threads, long work, int tasks, Task task) {
    long useful = Math.min(tasks, 1 + work / WORK_PER_THREAD);
    int helpers = (int) Math.min(threads, useful) - 1;
    if (helpers <= 0) {
      for (int index = 0; index < tasks; index++) {
        task.run(index);
      }
      return;
    }
    new Job(tasks, task).share(Math.min(helpers, MAX_HELPERS));
  }

  /** A thread of the pool that does one job after the other as long as they come quickly. */
  private static final class Helper implements Runnable {
    private volatile @Nullable Job job;

    Helper(Job first) {
      job = first;
    }

    /** Hands a job to a helper that looks out for one; false if nobody does. */
    static boolean find(Job wanting) {
      for (int slot = 0; slot < LOOKOUTS.length(); slot++) {
        Helper helper = LOOKOUTS.get(slot);
        if (helper != null && LOOKOUTS.compareAndSet(slot, helper, null)) {
          helper.job = wanting;
          return true;
        }
      }
      return false;
    }

    @Override
    public void run() {
      for (Job todo = job; todo != null; todo = lookOut()) {
        job = null;
        todo.help();
      }
    }

    private @Nullable Job lookOut() {
      int slot = 0;
      while (slot < LOOKOUTS.length() && !LOOKOUTS.compareAndSet(slot, null, this)) {
        slot++;
      }
      if (slot == LOOKOUTS.length()) {
        return null;
      }
      spinUntil(() -> job != null);
      if (job == null && LOOKOUTS.compareAndSet(slot, this, null)) {
        return null;
      }
      // Somebody has taken this helper, and hands over the job in the next moment.
      Job found = job;
      while (found == null) {
        Thread.onSpinWait();
        found = job;
      }
      return found;
    }
  }

  /** Returns once the condition holds, or after a while. */
  private static void spinUntil(BooleanSupplier condition) {
    long start = System.nanoTime();
    do {
      for (int look = 0; look < LOOKS; look++) {
        if (condition.getAsBoolean()) {
          return;
        }
        Thread.onSpinWait();
      }
    } while (System.nanoTime() - start < LOOKOUT_NANOS);
  }

  /** One call. */
  private static final class Job {
    /** Added to {@link #helpers} when no helper may enter any more; the count stays in the other bits. */
    private static final int CLOSED = Integer.MIN_VALUE;

    private final int tasks;
    private final Task task;
    private final Thread caller = Thread.currentThread();
    private final AtomicLong next = new AtomicLong();
    private final AtomicInteger helpers = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Job(int tasks, Task task) {
      this.tasks = tasks;
      this.task = task;
    }

    void share(int wanted) {
      for (int i = 0; i < wanted && startHelper(); i++) {}
      takeTasks();
      awaitHelpers();
      Throwable thrown = failure.get();
      if (thrown != null) {
        Job.<RuntimeException>rethrow(thrown);
      }
    }

    /** Throws it as it is: languages without checked exceptions throw them through any function. */
    @SuppressWarnings("unchecked") // the cast is erased
    private static <T extends Throwable> void rethrow(Throwable thrown) throws T {
      throw (T) thrown;
    }

    /** False if the system has no thread left: the caller, who must not leave helpers behind, then does without more of them. */
    private boolean startHelper() {
      if (Helper.find(this)) {
        return true;
      }
      try {
        POOL.execute(new Helper(this));
        return true;
      } catch (OutOfMemoryError e) {
        return false;
      }
    }

    void help() {
      if (enter()) {
        takeTasks();
        leave();
      }
    }

    private void takeTasks() {
      try {
        for (long index = next.getAndIncrement(); index < tasks && failure.get() == null; index = next.getAndIncrement()) {
          task.run((int) index);
        }
      } catch (Throwable e) { // any: a helper that leaves without a word would be waited for forever
        failure.compareAndSet(null, e);
      }
    }

    private boolean enter() {
      int count = helpers.get();
      while (count >= 0 && !helpers.compareAndSet(count, count + 1)) {
        count = helpers.get();
      }
      return count >= 0;
    }

    private void leave() {
      if (helpers.decrementAndGet() == CLOSED) {
        LockSupport.unpark(caller);
      }
    }

    /** Waits for the helpers that entered; one that comes later finds the job closed. An interrupt is kept for the caller to see. */
    private void awaitHelpers() {
      if (helpers.addAndGet(CLOSED) != CLOSED && LOOKOUTS.length() > 0) {
        spinUntil(() -> helpers.get() == CLOSED);
      }
      boolean interrupted = false;
      while (helpers.get() != CLOSED) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        caller.interrupt();
      }
    }
  }
}
