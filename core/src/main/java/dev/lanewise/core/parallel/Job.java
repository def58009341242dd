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
 * One call of {@link Workers}: who takes the next task, what went wrong, and who is still at work. The caller's thread is the one that
 * makes the object.
 */
final class Job {
  /** Added to {@link #helpers} when no helper may enter any more; the count stays in the other bits. */
  private static final int CLOSED = Integer.MIN_VALUE;

  private final int tasks;
  private final @Nullable Executor executor;
  private final Thread caller = Thread.currentThread();

  /** Null when the call is over: an executor may hold on to the job long after. */
  private volatile Workers.@Nullable Task task;

  private final AtomicLong next = new AtomicLong();
  private final AtomicInteger helpers = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /** Helpers at work, to be interrupted with the caller; guarded by this. */
  private final List<Thread> working = new ArrayList<>();

  /** Whether they have been; guarded by this. */
  private boolean interrupted;

  Job(int tasks, Workers.Task task, @Nullable Executor executor) {
    this.tasks = tasks;
    this.task = task;
    this.executor = executor;
  }

  void share(int wanted) {
    try {
      for (int i = 0; i < wanted && startHelper(); i++) {}
    } catch (Throwable e) { // any that the caller's executor throws: those that have started are waited for
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

  /** Throws it as it is: languages without checked exceptions throw them through any function. */
  @SuppressWarnings("unchecked") // the cast is erased
  private static <T extends Throwable> void rethrow(Throwable thrown) throws T {
    throw (T) thrown;
  }

  /** False if there is no thread left: the caller then does without more of them. */
  private boolean startHelper() {
    if (executor != null) {
      executor.execute(this::help);
      return true;
    }
    return Workers.startHelper(this);
  }

  void help() {
    if (!enter()) {
      return;
    }
    try {
      if (Thread.currentThread() == caller) { // an executor may run its tasks on the spot
        takeTasks();
      } else {
        helpFrom(Thread.currentThread());
      }
    } catch (Throwable e) { // any: a helper that leaves without a word would be waited for forever
      failure.compareAndSet(null, e);
    } finally {
      leave();
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
      synchronized (this) { // from now on the helper is not interrupted; if it has been, it forgets
        working.remove(helper);
        if (interrupted) {
          Thread.interrupted();
        }
      }
      Admission.leaveAsHelper();
    }
  }

  /** Those that begin after this find a failure, and take no task. */
  private void interruptHelpers() {
    failure.compareAndSet(null, Interruption.cancelled());
    synchronized (this) {
      interrupted = true;
      working.forEach(Thread::interrupt);
    }
  }

  private void takeTasks() {
    Workers.Task of = task;
    try {
      for (long index = next.getAndIncrement(); index < tasks && failure.get() == null; index = next.getAndIncrement()) {
        Interruption.check();
        Objects.requireNonNull(of).run((int) index);
      }
    } catch (Throwable e) {
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

  /**
   * Waits for the helpers that entered; one that comes later finds the job closed. An interrupt goes on to the helpers, and is kept for the
   * caller to see.
   */
  private void awaitHelpers() {
    if (helpers.addAndGet(CLOSED) != CLOSED && Workers.LOOKS_OUT) {
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
