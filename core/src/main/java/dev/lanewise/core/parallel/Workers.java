package dev.lanewise.core.parallel;

import dev.lanewise.kernels.runtime.Interruption;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Maps task indexes to threads. The caller's thread always takes part, and could do all of the work alone: helpers only take tasks off it.
 * They come from one pool of daemon threads, shared by the whole JVM, that grows when asked and shrinks when idle, or from the executor
 * that {@link HelperSource} names.
 */
public final class Workers {
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

  /** Whether waiting awake for a moment is worth it. */
  static final boolean LOOKS_OUT = LOOKOUTS.length() > 0;

  private Workers() {}

  /** A call's work, cut into independent pieces. */
  @FunctionalInterface
  public interface Task {
    /** Does piece {@code index}; called once for each, from any thread. */
    void run(int index);
  }

  /**
   * Runs the tasks 0 to {@code tasks} − 1, each once, and returns when all have ended. The first exception stops tasks that have not
   * started and is thrown here, once those that have started are over. An interrupt of the calling thread is passed on to the helpers, and
   * stops those as soon as they look, see {@link Interruption}.
   *
   * @param threads how many threads may share the work, the caller's among them
   * @param work multiply-adds of all tasks together; little work is shared by fewer threads
   * @throws java.util.concurrent.CancellationException if the thread is interrupted, and stays so; or if a helper of the caller's executor
   *     is
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

  /**
   * Has a thread of the pool help; false if the system has no thread left: the caller, who must not leave helpers behind, then does
   * without.
   */
  static boolean startHelper(Job job) {
    if (Helper.find(job)) {
      return true;
    }
    try {
      POOL.execute(new Helper(job));
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  /** Returns once the condition holds, or after a while. */
  static void spinUntil(BooleanSupplier condition) {
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
}
