package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Objects;

/** Pooling to the first row, or to the mean of all rows. */
record UnweightedPooling(boolean all, Kernels kernels) implements Pooling {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, MeanOverRows.BUFFERS);

  @Override
  public Pooling withKernels(Kernels newKernels) {
    return new UnweightedPooling(all, Objects.requireNonNull(newKernels, "kernels"));
  }

  @Override
  public void apply(SequenceBatch x, SequenceBatch output) {
    pool(SequenceRanges.of(x), output);
  }

  @Override
  public void apply(SequenceBatch x, int[] lengths, SequenceBatch output) {
    pool(SequenceRanges.padded(x, lengths), output);
  }

  @Override
  public void apply(SequenceBatch x, PackedSequences sequences, SequenceBatch output) {
    pool(SequenceRanges.packed(x, sequences), output);
  }

  private void pool(SequenceRanges sequences, SequenceBatch output) {
    SequenceBatch x = sequences.x();
    check(sequences, output);
    if (x.width() == 0) {
      return;
    }
    Scratch buffers = BUFFERS.take();
    try {
      for (int s = 0; s < sequences.count(); s++) {
        Matrix rows = x.matrix(sequences.entry(s), 0, x.rows(), 0, x.width());
        Matrix own = rows.rows(sequences.first(s), sequences.first(s) + sequences.rows(s));
        Matrix to = output.matrix(s, 0, 1, 0, x.width());
        if (all || own.rows() == 0) {
          MeanOverRows.of(own, kernels, buffers, to);
        } else {
          System.arraycopy(own.data(), own.offset(), to.data(), to.offset(), own.columns());
        }
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }

  private static void check(SequenceRanges sequences, SequenceBatch output) {
    Objects.requireNonNull(output, "output");
    Checks.same("output.batch", output.batch(), "the number of sequences", sequences.count());
    Checks.same("output.rows", output.rows(), "the rows of a result", 1);
    Checks.same("output.width", output.width(), "x.width", sequences.x().width());
    ViewChecks.writable("output", output.split(1));
    ViewChecks.disjoint("output", output.split(1), "x", sequences.x().split(1));
  }

  @Override
  public String toString() {
    return all ? "mean" : "firstToken";
  }
}
