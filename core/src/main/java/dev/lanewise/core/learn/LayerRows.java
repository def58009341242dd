package dev.lanewise.core.learn;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Rows of views: their checks, and the matrices that they consist of. */
final class LayerRows {
  /** Rows of a task. */
  private static final int BLOCK_ROWS = 128;

  private LayerRows() {}

  /** Computes a block of rows. */
  @FunctionalInterface
  interface Task {
    /**
     * Computes a block.
     *
     * @param block number of the block
     * @param rows the rows of each view
     */
    void run(int block, Matrix[] rows);
  }

  /** Number of blocks that {@link #run} divides views into. It depends on their shapes only. */
  static int blocks(SequenceBatch... views) {
    int parts = parts(views);
    return parts * blocksOfPart(views[0], parts);
  }

  /** The elements of dense rows in one part that belong to a block: one element for each row. */
  static int[] ofBlock(int[] elements, int block) {
    return Arrays.copyOfRange(elements, block * BLOCK_ROWS, Math.min((block + 1) * BLOCK_ROWS, elements.length));
  }

  private static int blocksOfPart(SequenceBatch view, int parts) {
    return parts == 0 ? 0 : Math.ceilDiv(view.batch() / parts * view.rows(), BLOCK_ROWS);
  }

  /**
   * Runs a task for each block of rows.
   *
   * @param work multiply-adds for each element of the first view
   * @param views views of the same batch and rows
   */
  static void run(Trace trace, int work, Task task, SequenceBatch... views) {
    int parts = parts(views);
    int blocks = blocksOfPart(views[0], parts);
    long all = (long) views[0].batch() * views[0].rows() * views[0].width() * work;
    Workers.run(
        trace.threads(),
        all,
        parts * blocks,
        index -> {
          Matrix[] rows = new Matrix[views.length];
          int from = index % blocks * BLOCK_ROWS;
          for (int i = 0; i < views.length; i++) {
            Matrix part = part(views[i], index / blocks, parts);
            rows[i] = part.rows(from, Math.min(from + BLOCK_ROWS, part.rows()));
          }
          task.run(index, rows);
        });
  }

  /** Computes result = x + y, where the result may be one of them. */
  static void add(Trace trace, SequenceBatch x, SequenceBatch y, SequenceBatch result) {
    run(trace, 1, (block, rows) -> add(rows[0], rows[1], rows[2]), x, y, result);
  }

  private static void add(Matrix x, Matrix y, Matrix result) {
    for (int row = 0; row < x.rows(); row++) {
      add(x.data(), x.index(row, 0), y.data(), y.index(row, 0), result.data(), result.index(row, 0), x.columns());
    }
  }

  /** A plain Java loop: C2 vectorises it, and memory bandwidth limits it. */
  private static void add(float[] x, int xFrom, float[] y, int yFrom, float[] result, int to, int length) {
    for (int i = 0; i < length; i++) {
      result[to + i] = x[xFrom + i] + y[yFrom + i];
    }
  }

  /** Adds all rows to the elements of sums, on the calling thread. */
  static void columnSums(Trace trace, SequenceBatch x, float[] sums) {
    int parts = parts(x);
    for (int part = 0; part < parts; part++) {
      trace.kernels().backward().columnSums(part(x, part, parts), sums);
    }
  }

  /** Borrows a view with the batch and rows of another view. */
  static SequenceBatch borrow(Trace trace, SequenceBatch like, int width) {
    return trace.borrow(like.batch(), like.rows(), width);
  }

  /** Keeps a view with the batch and rows of another view. */
  static SequenceBatch keep(Trace trace, SequenceBatch like, int width) {
    return trace.keep(like.batch(), like.rows(), width);
  }

  /** Checks the views of a forward pass: y has the rows of x, and shares no element with x. */
  static void checkForward(SequenceBatch x, int inputs, SequenceBatch y, int outputs) {
    checkWidth("x", x, "inputs", inputs);
    checkWidth("y", y, "outputs", outputs);
    checkWritten("y", y, "x", x);
  }

  /** Checks the views of a backward pass against the rows of the forward pass. */
  static void checkBackward(SequenceBatch x, SequenceBatch outputGradient, int outputs, @Nullable SequenceBatch inputGradient) {
    checkGradients(outputGradient, outputs, inputGradient, x.width());
    checkRows("outputGradient", outputGradient, "x", x);
  }

  /** Checks the views of a backward pass. */
  static void checkGradients(SequenceBatch outputGradient, int outputs, @Nullable SequenceBatch inputGradient, int inputs) {
    checkWidth("outputGradient", outputGradient, "outputs", outputs);
    if (inputGradient != null) {
      checkWidth("inputGradient", inputGradient, "inputs", inputs);
      checkWritten("inputGradient", inputGradient, "outputGradient", outputGradient);
    }
  }

  static void checkWidth(String name, SequenceBatch view, String otherName, int width) {
    Objects.requireNonNull(view, name);
    Checks.same(name, otherName, ".width", view.width(), width);
  }

  static void checkRows(String name, SequenceBatch view, String otherName, SequenceBatch other) {
    Checks.same(name, otherName, ".batch", view.batch(), other.batch());
    Checks.same(name, otherName, ".rows", view.rows(), other.rows());
  }

  private static void checkWritten(String name, SequenceBatch written, String otherName, SequenceBatch read) {
    checkRows(name, written, otherName, read);
    ViewChecks.writable(name, written.split(1));
    ViewChecks.disjoint(name, written.split(1), otherName, read.split(1));
  }

  /** Number of matrices that views of the same rows consist of: one if the distance between rows is the same everywhere. */
  static int parts(SequenceBatch... views) {
    for (SequenceBatch view : views) {
      if (!view.isEven()) {
        return view.batch();
      }
    }
    return Math.min(1, views[0].batch());
  }

  /** Matrix {@code part} of {@link #parts}. */
  static Matrix part(SequenceBatch x, int part, int parts) {
    SequenceBatch view = parts == 1 ? x.merged() : x;
    return view.matrix(part, 0, view.rows(), 0, x.width());
  }
}
