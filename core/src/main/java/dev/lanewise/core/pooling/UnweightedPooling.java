package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/** Pooling to the first row, or to the mean of all rows. */
record UnweightedPooling(boolean all, SequenceRanges ranges, int threads, Kernels kernels) implements Pooling {
  @Override
  public Pooling withLengths(int... lengths) {
    return new UnweightedPooling(all, SequenceRanges.ofLengths(lengths), threads, kernels);
  }

  @Override
  public Pooling withPackedSequences(PackedSequences sequences) {
    return new UnweightedPooling(all, SequenceRanges.of(sequences), threads, kernels);
  }

  @Override
  public Pooling withThreads(int newThreads) {
    Checks.atLeast("threads", newThreads, 1);
    return new UnweightedPooling(all, ranges, newThreads, kernels);
  }

  @Override
  public Pooling withKernels(Kernels newKernels) {
    return new UnweightedPooling(all, ranges, threads, Objects.requireNonNull(newKernels, "kernels"));
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch output) {
    ranges.checkOneRow("x", x, output, "x.width", Objects.requireNonNull(x, "x").width());
    if (x.width() > 0) {
      Workers.run(threads, (long) x.batch() * x.rows() * x.width(), ranges.count(x), s -> pool(s, x, output));
    }
  }

  private void pool(int sequence, SequenceBatch x, SequenceBatch output) {
    Matrix rows = ranges.rows(sequence, x);
    Matrix to = output.matrix(sequence, 0, 1, 0, x.width());
    if (all || rows.rows() == 0) {
      MeanOverRows.of(rows, kernels, to);
    } else {
      rows.rows(0, 1).copyTo(to);
    }
  }

  @Override
  public String toString() {
    return all ? "mean" : "firstToken";
  }
}
