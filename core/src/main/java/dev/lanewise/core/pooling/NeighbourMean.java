package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Objects;

/**
 * The mean of neighbours, the plain baseline beside attention: row i becomes the unweighted mean of the rows i − left to i + right of its
 * own sequence. At the ends of a sequence the window has fewer rows; with both sides {@link Mask#UNLIMITED} every row becomes the mean of
 * all. The result equals attention with scale 0 and {@link Mask#window}, without the cost of scores. Immutable and thread-safe.
 *
 * <pre>{@code
 * NeighbourMean.of(2, 2).apply(x, output); // of five rows
 * NeighbourMean.of(Mask.UNLIMITED, 0).apply(x, output); // of all rows so far
 * }</pre>
 */
public final class NeighbourMean {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, MeanOverRows.BUFFERS);

  private final int left;
  private final int right;
  private final Kernels kernels;

  private NeighbourMean(int left, int right, Kernels kernels) {
    this.left = left;
    this.right = right;
    this.kernels = kernels;
  }

  /**
   * Creates the mean over a window around each row.
   *
   * @param left number of rows before it, or {@link Mask#UNLIMITED}
   * @param right number of rows after it, or {@link Mask#UNLIMITED}
   */
  public static NeighbourMean of(int left, int right) {
    Checks.atLeast("left", left, Mask.UNLIMITED);
    Checks.atLeast("right", right, Mask.UNLIMITED);
    return new NeighbourMean(left, right, Kernels.selected());
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public NeighbourMean withKernels(Kernels newKernels) {
    return new NeighbourMean(left, right, Objects.requireNonNull(newKernels, "kernels"));
  }

  /**
   * Averages sequences that fill all rows.
   *
   * @param x batch × rows × width
   * @param output batch × rows × width, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with x or with itself; nothing has been written then
   */
  public void apply(SequenceBatch x, SequenceBatch output) {
    run(SequenceRanges.of(x), output);
  }

  /**
   * Averages padded sequences. Rows after a length are never read; their output is 0.
   *
   * @param lengths number of rows of each batch entry
   */
  public void apply(SequenceBatch x, int[] lengths, SequenceBatch output) {
    run(SequenceRanges.padded(x, lengths), output);
  }

  /**
   * Averages packed sequences; no window contains rows of another sequence.
   *
   * @param x 1 × rows × width
   * @param sequences the starts of the sequences, by their key rows
   * @param output 1 × rows × width, written
   */
  public void apply(SequenceBatch x, PackedSequences sequences, SequenceBatch output) {
    run(SequenceRanges.packed(x, sequences), output);
  }

  private void run(SequenceRanges sequences, SequenceBatch output) {
    SequenceBatch x = sequences.x();
    NeighbourDense.check(sequences, output, "x.width", x.width());
    Scratch buffers = BUFFERS.take();
    try {
      for (int s = 0; s < sequences.count(); s++) {
        Matrix from = x.matrix(sequences.entry(s), 0, x.rows(), 0, x.width());
        Matrix to = output.matrix(sequences.entry(s), 0, x.rows(), 0, x.width());
        int first = sequences.first(s);
        int end = first + sequences.rows(s);
        run(from.rows(first, end), buffers, to.rows(first, end));
        sequences.clearPadding(s, output);
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }

  private void run(Matrix x, Scratch buffers, Matrix output) {
    for (int row = 0; row < x.rows() && x.columns() > 0; row++) {
      int from = left == Mask.UNLIMITED ? 0 : Math.max(0, row - left);
      int to = right == Mask.UNLIMITED ? x.rows() : (int) Math.min(x.rows(), row + 1L + right);
      MeanOverRows.of(x.rows(from, to), kernels, buffers, output.rows(row, row + 1));
    }
  }

  @Override
  public String toString() {
    return "neighbourMean(" + left + ", " + right + ")";
  }
}
