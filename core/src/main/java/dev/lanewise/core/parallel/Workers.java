package dev.lanewise.core.parallel;

import dev.lanewise.kernels.runtime.Interruption;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Distributes tasks over threads. The caller's thread always takes part, and could do all of the work alone: helpers only take tasks from
 * it. Helpers come from one pool of daemon threads, shared by the whole JVM, which grows on demand and shrinks when idle, or from the
 * executor of {@link HelperSource}.
 */
public final class Workers {
  /** Limit of live helpers over all callers together. Beyond it, a call runs with fewer helpers. */
  static final int MAX_HELPERS = Math.max(64, 2 * Runtime.getRuntime().availableProcessors());

  /** Multiply-adds that justify waking a thread: about ten microseconds on SIMD lanes. */
  static final long WORK_PER_THREAD = 1L << 18;

  private static final long IDLE_SECONDS = 10;

  /**
   * A synchronous queue holds no tasks, so no call waits for a helper in a queue. A helper starts at once, or the caller continues without
   * it (discard policy).
   */
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
   * How long a helper that has finished a job waits awake for another one. Waking a sleeping thread takes 20 to 100 microseconds, and a
   * layer has ten steps that may each be shorter than that.
   */
  private static final long AWAKE_NANOS = 100_000;

  /** Number of polls, some microseconds, between two offers of the processor to other threads. */
  private static final int POLLS = 64;

  /** Helpers that wait awake. They are fewer than the processors, so that waiting helpers do not slow down working threads. */
  private static final AtomicReferenceArray<@Nullable Helper> AWAKE =
      new AtomicReferenceArray<>(Math.min(MAX_HELPERS, Runtime.getRuntime().availableProcessors() - 1));

  /** Whether waiting awake is useful on this machine. */
  static final boolean WAITS_AWAKE = AWAKE.length() > 0;

  private Workers() {}

  /** A call's work, divided into independent tasks. */
  @FunctionalInterface
  public interface Task {
    /** Runs task {@code index}. It is called once for each index, on any thread. */
    void run(int index);
  }

  /**
   * Runs the tasks 0 to {@code tasks} − 1, each once, and returns when all have ended. The first exception prevents tasks that have not
   * started, and is thrown here after all started tasks have ended. An interrupt of the calling thread is passed on to the helpers; they
   * stop at their next check, see {@link Interruption}.
   *
   * @param threads number of threads that may share the work, including the caller's
   * @param work multiply-adds of all tasks together; a small amount is shared by fewer threads
   * @throws java.util.concurrent.CancellationException if the thread is interrupted, and its interrupt status stays set; or if a helper of
   *     the caller's executor is interrupted
   */
  public static void run(int threads, long work, int tasks, Task task) {
    Interruption.check();
    long useful = Math.min(tasks, 1 + work / WORK_PER_THREAD);
    int helpers = (int) Math.min(threads, useful) - 1;
    if (helpers <= 0) {
      for (int index = 0; index < tasks; index++) {
        Interruption.check();
        task.run(index);
      }
      return;
    }
    new Job(tasks, task, HelperSource.current()).share(Math.min(helpers, MAX_HELPERS));
  }

  /** Runs jobs on a thread of the pool, one after another, as long as the next one arrives soon. */
  private static final class Helper implements Runnable {
    private volatile @Nullable Job job;

    Helper(Job first) {
      job = first;
    }

    /** Hands a job to a helper that waits awake. Returns false if there is none. */
    static boolean handOver(Job offered) {
      for (int slot = 0; slot < AWAKE.length(); slot++) {
        Helper helper = AWAKE.get(slot);
        if (helper != null && AWAKE.compareAndSet(slot, helper, null)) {
          helper.job = offered;
          return true;
        }
      }
      return false;
    }

    @Override
    public void run() {
      Job todo = job;
      while (todo != null) {
        job = null;
        boolean entered = todo.enter();
        if (entered) {
          todo.work();
        }
        // Before the caller may return: its next call then finds this helper, and wakes no other thread.
        int slot = register();
        if (entered) {
          todo.leave();
        }
        todo = slot < AWAKE.length() ? awaitJob(slot) : null;
      }
    }

    /** Offers this helper to other jobs. Returns its slot in {@link #AWAKE}, or the number of slots if none is free. */
    private int register() {
      int slot = 0;
      while (slot < AWAKE.length() && !AWAKE.compareAndSet(slot, null, this)) {
        slot++;
      }
      return slot;
    }

    private @Nullable Job awaitJob(int slot) {
      spinUntil(() -> job != null);
      if (job == null && AWAKE.compareAndSet(slot, this, null)) {
        return null;
      }
      // Another thread has taken this helper from its slot, and is about to set the job.
      Job found = job;
      while (found == null) {
        Thread.onSpinWait();
        found = job;
      }
      return found;
    }
  }

  /**
   * Starts a helper on a thread of the pool. Returns false if the system has no thread left: the caller, which must not leave helpers
   * behind, then continues without it.
   */
  static boolean startHelper(Job job) {
    if (Helper.handOver(job)) {
      return true;
    }
    try {
      POOL.execute(new Helper(job));
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  /**
   * Returns when the condition holds, or after {@link #AWAKE_NANOS}. If the threads outnumber the free processors, the thread that would
   * make the condition hold may wait for the processor of this one; it gets it after {@link #POLLS} polls.
   */
  @SuppressWarnings("ThreadPriorityCheck") // correctness does not depend on the scheduler
  static void spinUntil(BooleanSupplier condition) {
    long start = System.nanoTime();
    do {
      for (int poll = 0; poll < POLLS; poll++) {
        if (condition.getAsBoolean()) {
          return;
        }
        Thread.onSpinWait();
      }
      Thread.yield();
    } while (System.nanoTime() - start < AWAKE_NANOS);
  }
}
