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

  private final Thread runner = Thread.currentThread();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Runnable save;
  private final Thread hook = Thread.ofPlatform().name("lanewise-exit").unstarted(this::stop);
  private volatile boolean stopping;

  /** Whether the hook interrupted the run; guarded by this. */
  private boolean interrupted;

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
    synchronized (this) {
      ended.countDown();
      if (interrupted) {
        Thread.interrupted(); // it came from the end of the JVM, and what the caller does next may still need the thread
      }
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM ends: the hook runs, and has seen that the run ended.
    }
  }

  private void stop() {
    if (exits(runner)) {
      save.run(); // the run itself ends the JVM, and will never go on
      return;
    }
    interrupt();
    try {
      ended.await(LONGEST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Interrupts the run, unless it has ended: nobody would clear the interrupt then. */
  private synchronized void interrupt() {
    if (ended.getCount() > 0) {
      stopping = true;
      interrupted = true;
      runner.interrupt();
    }
  }

  private static boolean exits(Thread thread) {
    return Arrays.stream(thread.getStackTrace()).anyMatch(frame -> frame.getClassName().equals("java.lang.Shutdown"));
  }
}
