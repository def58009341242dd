package dev.lanewise.kernels.runtime;

import java.util.concurrent.CancellationException;

/**
 * The check for interrupts, which long calls make between intervals of work far below a millisecond. On an interrupted thread it throws and
 * leaves the interrupt status set.
 */
public final class Interruption {
  /** Number of elements between two checks; any kernel processes them in a fraction of a millisecond. */
  public static final int INTERVAL = 1 << 16;

  private Interruption() {}

  /**
   * Throws if the thread is interrupted. The check costs one load.
   *
   * @throws CancellationException if the thread is interrupted
   */
  public static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw cancelled();
    }
  }

  /** The exception of an interrupted call. */
  public static CancellationException cancelled() {
    return new CancellationException("the call was interrupted");
  }

  /**
   * A mask for loops over rows that may be short: they check only at rows where {@code row & often(columns)} is 0.
   *
   * @param columns how many a row has
   */
  public static int often(int columns) {
    return Integer.highestOneBit(Math.max(1, INTERVAL / Math.max(1, columns))) - 1;
  }

  /** Checks at every {@code often + 1}-th row, see {@link #often}. */
  public static void check(int row, int often) {
    if ((row & often) == 0) {
      check();
    }
  }
}
