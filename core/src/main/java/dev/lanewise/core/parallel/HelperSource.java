package dev.lanewise.core.parallel;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The executor whose tasks help the calls of a thread. */
public final class HelperSource {
  private static final ScopedValue<Executor> EXECUTOR = ScopedValue.newInstance();

  private HelperSource() {}

  /** Runs calls whose helpers are tasks of an executor. */
  public static void run(Executor executor, Runnable calls) {
    ScopedValue.where(EXECUTOR, executor).run(calls);
  }

  /** The executor for calls on this thread; null for the library's own pool. */
  public static @Nullable Executor current() {
    return EXECUTOR.isBound() ? EXECUTOR.get() : null;
  }
}
