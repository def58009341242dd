package dev.lanewise.core;

import dev.lanewise.core.parallel.HelperSource;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Where the threads that help a call come from: a pool of this library, unless calls are made like this:
 *
 * <pre>{@code
 * Helpers.from(executor, () -> layer.withThreads(4).self(x, y)); // the calling thread and up to three tasks of the executor
 * }</pre>
 *
 * <p>A helper only takes work off the calling thread, which does all of it if none comes. So an executor that is busy, has a single thread,
 * or runs the caller itself makes a call no slower than one thread is, and never blocks it; a task that starts when the call is over does
 * nothing. The bits of results do not depend on the executor.
 */
public final class Helpers {
  private Helpers() {}

  /**
   * Runs {@code calls} on this thread; all calls in it, of whatever kind and however nested, are helped by tasks of {@code executor}.
   *
   * @throws RejectedExecutionException from a call, if the executor refuses a task; whatever else it throws comes through as well. The
   *     call's output is undefined then
   */
  public static void from(Executor executor, Runnable calls) {
    Objects.requireNonNull(executor, "executor");
    Objects.requireNonNull(calls, "calls");
    HelperSource.run(executor, calls);
  }
}
