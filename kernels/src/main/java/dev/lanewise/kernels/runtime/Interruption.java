package dev.lanewise.kernels.runtime;

import java.util.concurrent.CancellationException;

/**
 * Where long calls look whether they should go on: between two pieces of work, each far below a millisecond. Whoever finds its thread
 * interrupted throws, and leaves the interrupt for the caller to see.
 */
public final class Interruption {
  /** Elements that any kernel is done with in a fraction of a millisecond. */
  public static final int INTERVAL = 1 << 16;

  private Interruption() {}

  /**
   * Costs a load.
   *
   * @throws CancellationException if the thread is interrupted
   */
  public static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw cancelled();
    }
  }

  /** What an interrupted call throws. */
  public static CancellationException cancelled() {
    return new CancellationException("the call was interrupted");
  }

  /**
   * For loops over rows that may be short: looks only at the rows of which {@code row & often(columns)} is 0.
   *
   * @param columns of a row
   */
  public static int often(int columns) {
    return Integer.highestOneBit(Math.max(1, INTERVAL / Math.max(1, columns))) - 1;
  }

  /** Looks every so many rows, see {@link #often}. */
  public static void check(int row, int often) {
    if ((row & often) == 0) {
      check();
    }
  }
}
