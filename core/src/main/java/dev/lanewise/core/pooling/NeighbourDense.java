package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;

/** A dense layer over neighbours, see {@link Neighbours#dense}. */
record NeighbourDense(Linear linear, int left, int right, SequenceRanges ranges) implements Neighbours {
  /** The rows of a sequence, padded with zeros at both ends. */
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, 1);

  static NeighbourDense of(Linear linear, int left, int right) {
    Objects.requireNonNull(linear, "linear");
    Checks.atLeast("left", left, 0);
    Checks.atLeast("right", right, 0);
    Checks.multiple("linear.inputs", linear.inputs(), "left + 1 + right", left + 1L + right);
    return new NeighbourDense(linear.withThreads(1), left, right, SequenceRanges.ALL);
  }

  @Override
  public Neighbours withLengths(int... lengths) {
    return new NeighbourDense(linear, left, right, SequenceRanges.ofLengths(lengths));
  }

  @Override
  public Neighbours withPackedSequences(PackedSequences sequences) {
    return new NeighbourDense(linear, left, right, SequenceRanges.of(sequences));
  }

  @Override
  public Neighbours withThreads(int threads) {
    return new NeighbourDense(linear.withThreads(threads), left, right, ranges);
  }

  @Override
  public Neighbours withKernels(Kernels kernels) {
    return new NeighbourDense(linear.withKernels(kernels), left, right, ranges);
  }

  private int embedDim() {
    return linear.inputs() / (left + 1 + right);
  }

  @Override
  public void forward(SequenceBatch x, SequenceBatch output) {
    Checks.same("x.width", Objects.requireNonNull(x, "x").width(), "embedDim", embedDim());
    ranges.checkEachRow(x, output, "linear.outputs", linear.outputs());
    for (int s = 0; s < ranges.count(x); s++) {
      size(ranges.rows(s, x).rows());
    }
    Scratch buffers = BUFFERS.take();
    try {
      for (int s = 0; s < ranges.count(x); s++) {
        Matrix rows = ranges.rows(s, x);
        Matrix to = ranges.rows(s, output);
        if (rows.rows() > 0) {
          linear.forward(windows(rows, buffers), new SequenceBatch(to.data(), to.offset(), 1, to.rows(), to.columns(), 0, to.rowStride()));
        }
        ranges.clearPadding(s, output);
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** The windows of all rows: a view with a step of one row, over a copy with zeros at both ends. */
  private SequenceBatch windows(Matrix x, Scratch buffers) {
    int embedDim = embedDim();
    int size = size(x.rows());
    float[] copy = buffers.floats(0, size);
    Arrays.fill(copy, 0, left * embedDim, 0);
    for (int row = 0; row < x.rows(); row++) {
      System.arraycopy(x.data(), x.index(row, 0), copy, (left + row) * embedDim, embedDim);
    }
    Arrays.fill(copy, (left + x.rows()) * embedDim, size, 0);
    return new SequenceBatch(copy, 0, 1, x.rows(), linear.inputs(), 0, embedDim);
  }

  /** Elements of the rows of a sequence, padded with zeros at both ends. */
  private int size(int rows) {
    return Checks.product("rows + left + right", rows + (long) left + right, "embedDim", embedDim());
  }

  @Override
  public String toString() {
    return "neighbourDense(" + left + ", " + right + ")";
  }
}
