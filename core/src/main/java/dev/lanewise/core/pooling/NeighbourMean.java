package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/** The mean of neighbours, see {@link Neighbours#mean}. */
record NeighbourMean(int left, int right, SequenceRanges ranges, int threads, Kernels kernels) implements Neighbours {
  /** Number of rows in a task. */
  private static final int BLOCK_ROWS = 32;

  static NeighbourMean of(int left, int right) {
    Checks.atLeast("left", left, 0);
    Checks.atLeast("right", right, 0);
    return new NeighbourMean(left, right, SequenceRanges.ALL, 1, Kernels.selected());
  }

  @Override
  public Neighbours withLengths(int... lengths) {
    return new NeighbourMean(left, right, SequenceRanges.ofLengths(lengths), threads, kernels);
  }

  @Override
  public Neighbours withPackedSequences(PackedSequences sequences) {
    return new NeighbourMean(left, right, SequenceRanges.of(sequences), threads, kernels);
  }

  @Override
  public Neighbours withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new NeighbourMean(left, right, ranges, newThreads, kernels);
  }

  @Override
  public Neighbours withKernels(Kernels newKernels) {
    return new NeighbourMean(left, right, ranges, threads, Objects.requireNonNull(newKernels, "kernels"));
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch output) {
    ranges.checkEachRow(x, output, "x.width", Objects.requireNonNull(x, "x").width());
    for (int s = 0; s < ranges.count(x) && x.width() > 0; s++) {
      Matrix from = ranges.rows(s, x);
      Matrix to = ranges.rows(s, output);
      long work = from.rows() * Math.min(from.rows(), left + 1L + right) * from.columns();
      Workers.run(threads, work, Math.ceilDiv(from.rows(), BLOCK_ROWS), block -> means(from, block * BLOCK_ROWS, to));
      ranges.clearPadding(s, output);
    }
  }

  /** Computes the rows of a block. */
  private void means(Matrix x, int first, Matrix output) {
    for (int row = first; row < Math.min(first + BLOCK_ROWS, x.rows()); row++) {
      int from = Math.max(0, row - left);
      int to = (int) Math.min(x.rows(), row + 1L + right);
      MeanOverRows.of(x.rows(from, to), kernels, output.rows(row, row + 1));
    }
  }

  @Override
  public String toString() {
    return "neighbourMean(" + left + ", " + right + ")";
  }
}
