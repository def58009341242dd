package dev.lanewise.core.parallel;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The executor that helps the calls of a thread. */
public final class HelperSource {
  private static final ScopedValue<Executor> EXECUTOR = ScopedValue.newInstance();

  private HelperSource() {}

  /** Runs calls that are helped by tasks of an executor. */
  public static void run(Executor executor, Runnable calls) {
    ScopedValue.where(EXECUTOR, executor).run(calls);
  }

  /** The executor of the calls of this thread; null for the library's pool. */
  public static @Nullable Executor current() {
    return EXECUTOR.isBound() ? EXECUTOR.get() : null;
  }
}
