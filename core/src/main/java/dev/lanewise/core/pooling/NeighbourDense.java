package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;
import java.util.Objects;

/**
 * A dense layer over a fixed window of neighbours, the baseline that attention is explained against ("Natural Language Processing (Almost)
 * from Scratch", Collobert et al., 2011, section 3.3.1; also known as a 1-D convolution): row i becomes activation(W · [rows i − left to i
 * + right, concatenated] + bias). Rows outside the sequence count as zeros. Unlike attention, its weights depend on the position of a
 * neighbour, not on its content. Immutable and thread-safe.
 *
 * <pre>{@code
 * Linear linear = Linear.of(weight, bias, 5 * embedDim, outputs).withActivation(Activation.RELU);
 * NeighbourDense.of(linear, 2, 2).apply(x, output); // output is batch × rows × outputs
 * }</pre>
 */
public final class NeighbourDense {
  /** The rows of a sequence, padded with zeros at both ends. */
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, 1);

  private final Linear linear;
  private final int left;
  private final int right;
  private final int embedDim;

  private NeighbourDense(Linear linear, int left, int right) {
    this.linear = linear;
    this.left = left;
    this.right = right;
    this.embedDim = linear.inputs() / (left + 1 + right);
  }

  /**
   * Creates a layer with a window of left + 1 + right rows.
   *
   * @param linear a layer with as many inputs as the rows of a window have elements
   * @param left number of rows before the row itself
   * @param right number of rows after it
   */
  public static NeighbourDense of(Linear linear, int left, int right) {
    Objects.requireNonNull(linear, "linear");
    Checks.atLeast("left", left, 0);
    Checks.atLeast("right", right, 0);
    Checks.multiple("linear.inputs", linear.inputs(), "left + 1 + right", left + 1L + right);
    return new NeighbourDense(linear.withThreads(1), left, right);
  }

  /** Returns a copy that shares the work of each sequence between this number of threads, including the caller's. */
  public NeighbourDense withThreads(int threads) {
    return new NeighbourDense(linear.withThreads(threads), left, right);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public NeighbourDense withKernels(Kernels kernels) {
    return new NeighbourDense(linear.withKernels(kernels), left, right);
  }

  /** Elements of an input row. */
  public int embedDim() {
    return embedDim;
  }

  /**
   * Applies the layer to sequences that fill all rows.
   *
   * @param x batch × rows × embedDim
   * @param output batch × rows × outputs, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with x or with itself; nothing has been written then
   */
  public void apply(SequenceBatch x, SequenceBatch output) {
    run(SequenceRanges.of(x), output);
  }

  /**
   * Applies the layer to padded sequences. Rows after a length count as zeros and are never read; their output is 0.
   *
   * @param lengths number of rows of each batch entry
   */
  public void apply(SequenceBatch x, int[] lengths, SequenceBatch output) {
    run(SequenceRanges.padded(x, lengths), output);
  }

  /**
   * Applies the layer to packed sequences; no window contains rows of another sequence.
   *
   * @param x 1 × rows × embedDim
   * @param sequences the starts of the sequences, by their key rows
   * @param output 1 × rows × outputs, written
   */
  public void apply(SequenceBatch x, PackedSequences sequences, SequenceBatch output) {
    run(SequenceRanges.packed(x, sequences), output);
  }

  private void run(SequenceRanges sequences, SequenceBatch output) {
    SequenceBatch x = sequences.x();
    Checks.same("x.width", x.width(), "embedDim", embedDim);
    check(sequences, output, "linear.outputs", linear.outputs());
    for (int s = 0; s < sequences.count(); s++) {
      size(sequences.rows(s));
    }
    Scratch buffers = BUFFERS.take();
    try {
      for (int s = 0; s < sequences.count(); s++) {
        int rows = sequences.rows(s);
        if (rows > 0) {
          SequenceBatch windows = windows(sequences, s, buffers);
          SequenceBatch to = sequences.part(s, output);
          linear.forward(windows, to);
        }
        sequences.clearPadding(s, output);
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }

  /** The windows of all rows: a view with a step of one row, over a copy with zeros at both ends. */
  private SequenceBatch windows(SequenceRanges sequences, int s, Scratch buffers) {
    SequenceBatch x = sequences.x();
    int rows = sequences.rows(s);
    int size = size(rows);
    float[] copy = buffers.floats(0, size);
    Arrays.fill(copy, 0, left * embedDim, 0);
    for (int row = 0; row < rows; row++) {
      System.arraycopy(x.data(), x.index(sequences.entry(s), sequences.first(s) + row), copy, (left + row) * embedDim, embedDim);
    }
    Arrays.fill(copy, (left + rows) * embedDim, size, 0);
    return new SequenceBatch(copy, 0, 1, rows, linear.inputs(), 0, embedDim);
  }

  /** Elements of the rows of a sequence, padded with zeros at both ends. */
  private int size(int rows) {
    return Checks.product("rows + left + right", rows + (long) left + right, "embedDim", embedDim);
  }

  /** Checks that the output has a row for each row of x. */
  static void check(SequenceRanges sequences, SequenceBatch output, String widthName, int width) {
    Objects.requireNonNull(output, "output");
    Checks.same("output.batch", output.batch(), "x.batch", sequences.x().batch());
    Checks.same("output.rows", output.rows(), "x.rows", sequences.x().rows());
    Checks.same("output.width", output.width(), widthName, width);
    ViewChecks.writable("output", output.split(1));
    ViewChecks.disjoint("output", output.split(1), "x", sequences.x().split(1));
  }

  @Override
  public String toString() {
    return "neighbourDense(" + left + ", " + right + ")";
  }
}
