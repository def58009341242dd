package dev.lanewise.core.parallel;

import dev.lanewise.kernels.runtime.Admission;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One call of {@link Workers}: the next task, the first failure, and the helpers at work. The thread that creates the job is the caller's
 * thread.
 */
final class Job {
  /** Added to {@link #helpers} when no further helper may enter. The other bits keep the count. */
  private static final int CLOSED = Integer.MIN_VALUE;

  private final int tasks;
  private final @Nullable Executor executor;
  private final Thread caller = Thread.currentThread();

  /** Null after the call: an executor may keep a reference to the job for a long time. */
  private volatile Workers.@Nullable Task task;

  private final AtomicLong next = new AtomicLong();
  private final AtomicInteger helpers = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /** Helpers at work, which are interrupted together with the caller; guarded by this. */
  private final List<Thread> working = new ArrayList<>();

  /** Whether the helpers have been interrupted; guarded by this. */
  private boolean interrupted;

  Job(int tasks, Workers.Task task, @Nullable Executor executor) {
    this.tasks = tasks;
    this.task = task;
    this.executor = executor;
  }

  void share(int wanted) {
    try {
      for (int i = 0; i < wanted && startHelper(); i++) {}
    } catch (Throwable e) { // the caller's executor may throw anything; helpers that have started are still awaited
      failure.compareAndSet(null, e);
    }
    takeTasks();
    if (caller.isInterrupted() && failure.get() != null) {
      interruptHelpers();
    }
    awaitHelpers();
    task = null;
    Throwable thrown = failure.get();
    if (thrown != null) {
      Job.<RuntimeException>rethrow(thrown);
    }
  }

  /** Throws the exception unchanged: languages without checked exceptions throw any exception from any function. */
  @SuppressWarnings("unchecked") // the cast is erased
  private static <T extends Throwable> void rethrow(Throwable thrown) throws T {
    throw (T) thrown;
  }

  /** Starts a helper. Returns false if the system has no thread left; the caller then continues with fewer helpers. */
  private boolean startHelper() {
    if (executor != null) {
      executor.execute(this::help);
      return true;
    }
    return Workers.startHelper(this);
  }

  /** Takes tasks on a thread of the caller's executor. */
  private void help() {
    if (enter()) {
      work();
      leave();
    }
  }

  /** Takes tasks on a thread that has entered, and must {@link #leave} afterwards. It throws nothing. */
  void work() {
    try {
      if (Thread.currentThread() == caller) { // an executor may run its tasks on the calling thread
        takeTasks();
      } else {
        helpFrom(Thread.currentThread());
      }
    } catch (Throwable e) { // anything: the caller would wait forever for a helper that does not leave
      failure.compareAndSet(null, e);
    }
  }

  private void helpFrom(Thread helper) {
    Admission.enterAsHelper();
    try {
      synchronized (this) {
        working.add(helper);
      }
      if (executor == null) {
        takeTasks();
      } else {
        HelperSource.run(executor, this::takeTasks);
      }
    } finally {
      synchronized (this) { // the helper is not interrupted after this; an interrupt that has arrived is cleared
        working.remove(helper);
        if (interrupted) {
          Thread.interrupted();
        }
      }
      Admission.leaveAsHelper();
    }
  }

  /** Interrupts the helpers. A helper that begins later finds a failure, and takes no task. */
  private void interruptHelpers() {
    failure.compareAndSet(null, Interruption.cancelled());
    synchronized (this) {
      interrupted = true;
      working.forEach(Thread::interrupt);
    }
  }

  private void takeTasks() {
    Workers.Task running = task;
    try {
      for (long index = next.getAndIncrement(); index < tasks && failure.get() == null; index = next.getAndIncrement()) {
        Interruption.check();
        Objects.requireNonNull(running).run((int) index);
      }
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
    }
  }

  /** Counts a helper that begins. Returns false if the call has ended. */
  boolean enter() {
    int count = helpers.get();
    while (count >= 0 && !helpers.compareAndSet(count, count + 1)) {
      count = helpers.get();
    }
    return count >= 0;
  }

  /** Ends the work of a helper, for which the caller waits. */
  void leave() {
    if (helpers.decrementAndGet() == CLOSED) {
      LockSupport.unpark(caller);
    }
  }

  /**
   * Waits for the helpers that entered; a helper that comes later finds the job closed. An interrupt of the caller is passed on to the
   * helpers, and is restored for the caller afterwards.
   */
  private void awaitHelpers() {
    if (helpers.addAndGet(CLOSED) != CLOSED && Workers.WAITS_AWAKE) {
      Workers.spinUntil(() -> helpers.get() == CLOSED);
    }
    boolean wasInterrupted = false;
    while (helpers.get() != CLOSED) {
      LockSupport.park(this);
      if (Thread.interrupted()) {
        wasInterrupted = true;
        interruptHelpers();
      }
    }
    if (wasInterrupted) {
      caller.interrupt();
    }
  }
}
