package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.data.Dropout;

/**
 * Dropout of the elements of rows. An element's number depends on the seed, the call, the batch entry, the row and the column, as that of
 * an attention weight depends on its head, query and key.
 */
final class RowDropout {
  /** Rows of a task. */
  private static final int BLOCK_ROWS = 64;

  /** Cost of an element, in multiply-adds. */
  private static final int WORK = 32;

  private RowDropout() {}

  /** Checks that a rate is at least 0 and below 1. */
  static void checkRate(float rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("dropout is " + rate + ", must be at least 0 and below 1");
    }
  }

  /** Drops elements of x in place if dropout is on, and keeps the number of the call. */
  static void forward(float rate, SequenceBatch x, Trace trace) {
    Dropout dropout = trace.keepDropout(rate);
    if (dropout != null) {
      apply(dropout, x, x, trace);
    }
  }

  /** Returns the gradient before dropout: the gradient itself, or a borrowed view. */
  static SequenceBatch backward(float rate, SequenceBatch gradient, Trace trace) {
    Dropout dropout = trace.takeDropout(rate);
    if (dropout == null) {
      return gradient;
    }
    SequenceBatch before = LayerRows.borrow(trace, gradient, gradient.width());
    apply(dropout, gradient, before, trace);
    return before;
  }

  private static void apply(Dropout dropout, SequenceBatch x, SequenceBatch y, Trace trace) {
    int blocks = Math.ceilDiv(x.rows(), BLOCK_ROWS);
    Workers.run(
        trace.threads(),
        (long) x.batch() * x.rows() * x.width() * WORK,
        x.batch() * blocks,
        task -> {
          int[] words = new int[4];
          float[] factors = new float[x.width()];
          int b = task / blocks;
          int from = task % blocks * BLOCK_ROWS;
          for (int row = from; row < Math.min(from + BLOCK_ROWS, x.rows()); row++) {
            dropout.factors(b, row, 0, factors.length, words, factors, 0);
            multiply(x.data(), x.index(b, row), factors, y.data(), y.index(b, row));
          }
        });
  }

  private static void multiply(float[] x, int from, float[] factors, float[] y, int to) {
    for (int i = 0; i < factors.length; i++) {
      // A dropped element becomes 0 even if it is infinite.
      y[to + i] = factors[i] == 0 ? 0 : x[from + i] * factors[i];
    }
  }
}
