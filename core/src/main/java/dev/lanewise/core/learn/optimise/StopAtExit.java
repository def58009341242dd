package dev.lanewise.core.learn.optimise;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Stops a run when the JVM ends, by Ctrl-C or otherwise, and keeps the JVM alive until the run has written its checkpoint. The run is
 * interrupted: its step may take long.
 */
final class StopAtExit {
  /** How long the JVM waits for a run that does not react to its interrupt. */
  private static final long LONGEST_SECONDS = 60;

  private static final long POLL_MILLIS = 50;

  private final Thread runner = Thread.currentThread();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Runnable save;
  private final Thread hook = Thread.ofPlatform().name("lanewise-exit").unstarted(this::stop);
  private volatile boolean stopping;

  private StopAtExit(Runnable save) {
    this.save = save;
  }

  /** Begins to watch for the end of the JVM, for the run of the calling thread. */
  static StopAtExit begin(Runnable save) {
    StopAtExit exit = new StopAtExit(save);
    try {
      Runtime.getRuntime().addShutdownHook(exit.hook);
    } catch (IllegalStateException e) {
      exit.stopping = true; // the JVM ends already
    }
    return exit;
  }

  boolean isStopping() {
    return stopping;
  }

  /** Ends watching: the run has written its checkpoint, or failed. */
  void end() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM ends: the hook runs, and has seen that the run ended.
    }
  }

  private void stop() {
    stopping = true;
    if (exits(runner)) {
      save.run(); // the run itself ends the JVM, and will never go on
      return;
    }
    runner.interrupt();
    long polls = TimeUnit.SECONDS.toMillis(LONGEST_SECONDS) / POLL_MILLIS;
    try {
      for (long poll = 0; poll < polls && !ended.await(POLL_MILLIS, TimeUnit.MILLISECONDS); poll++) {}
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean exits(Thread thread) {
    return Arrays.stream(thread.getStackTrace()).anyMatch(frame -> frame.getClassName().equals("java.lang.Shutdown"));
  }
}
