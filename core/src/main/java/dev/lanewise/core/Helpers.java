package dev.lanewise.core;

import dev.lanewise.core.parallel.HelperSource;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Chooses the threads that help a call. By default they come from a pool of this library; calls inside {@code from} take them from an
 * executor:
 *
 * <pre>{@code
 * Helpers.from(executor, () -> layer.withThreads(4).forward(x, y)); // the calling thread and up to three tasks of the executor
 * }</pre>
 *
 * <p>A helper only takes work from the calling thread, which does all of the work if no helper comes. A call is therefore never blocked,
 * and never slower than on one thread, even if the executor is busy, has a single thread, or runs tasks on the calling thread. A task that
 * starts after the end of the call does nothing. The bits of results do not depend on the executor.
 */
public final class Helpers {
  private Helpers() {}

  /**
   * Runs {@code calls} on this thread. Tasks of {@code executor} help all calls of this library inside, including nested ones.
   *
   * @throws RejectedExecutionException from a call, if the executor refuses a task; other exceptions of the executor are thrown too. The
   *     call's output is undefined then
   */
  public static void from(Executor executor, Runnable calls) {
    Objects.requireNonNull(executor, "executor");
    Objects.requireNonNull(calls, "calls");
    HelperSource.run(executor, calls);
  }
}
