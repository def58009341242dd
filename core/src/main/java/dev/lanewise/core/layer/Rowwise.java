package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/** Helpers of layers that treat each row separately. */
final class Rowwise {
  private Rowwise() {}

  /** Computes some rows of a batch entry. */
  @FunctionalInterface
  interface Task {
    void run(int batchEntry, int from, int rows);
  }

  /**
   * Divides the rows of {@code x} into blocks and distributes them over threads.
   *
   * @param work multiply-adds for each element
   */
  static void run(SequenceBatch x, int blockRows, int work, int threads, Task task) {
    Checks.atLeast("threads", threads, 1);
    if (threads == 1) {
      for (int b = 0; b < x.batch() && x.rows() > 0; b++) {
        task.run(b, 0, x.rows());
      }
      return;
    }
    int blocks = Math.ceilDiv(x.rows(), blockRows);
    long all = (long) x.batch() * x.rows() * x.width() * work;
    Workers.run(
        threads,
        all,
        x.batch() * blocks,
        index -> {
          int from = index % blocks * blockRows;
          task.run(index / blocks, from, Math.min(blockRows, x.rows() - from));
        });
  }

  /** Checks the input and output of a layer of a stack: their rows have the layer's width. */
  static void checkLayer(SequenceBatch x, int embedDim, SequenceBatch output) {
    Objects.requireNonNull(x, "x");
    Checks.same("x.width", x.width(), "embedDim", embedDim);
    checkInPlace("output", output, "x", x);
  }

  static void checkSame(String name, SequenceBatch view, String otherName, SequenceBatch other) {
    Objects.requireNonNull(view, name);
    Checks.same(name, otherName, ".width", view.width(), other.width());
    Checks.same(name, otherName, ".batch", view.batch(), other.batch());
    Checks.same(name, otherName, ".rows", view.rows(), other.rows());
  }

  /** Checks that a written view has the shape of the other view, and is either the same view or shares no element with it. */
  static void checkInPlace(String name, SequenceBatch written, String otherName, SequenceBatch other) {
    checkSame(name, written, otherName, other);
    ViewChecks.writableInPlace(name, written.split(1), otherName, other.split(1));
  }

  /**
   * Tells whether the rows of several batch entries can be treated as one matrix: their strides must allow it. In a shared array the batch
   * entries stay separate, as the overlap checks saw them.
   */
  static boolean merges(SequenceBatch input, SequenceBatch output) {
    return input.batch() > 1 && input.data() != output.data() && input.isEven() && output.isEven();
  }
}
