package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;

/**
 * A fixed window of neighbours for each row, the baseline that attention is explained against: row i is computed from the rows i − left to
 * i + right of its own sequence. Unlike attention, the weight of a neighbour depends on its position, not on its content. Immutable and
 * thread-safe.
 *
 * <pre>{@code
 * Neighbours.mean(2, 2).forward(x, output); // of five rows
 * Neighbours.mean(Integer.MAX_VALUE, 0).forward(x, output); // of all rows so far
 * }</pre>
 *
 * <pre>{@code
 * Linear linear = Linear.of(weight, bias, 5 * embedDim, outputs).withActivation(Activation.RELU);
 * Neighbours.dense(linear, 2, 2).forward(x, output); // output is batch × rows × outputs
 * }</pre>
 */
public sealed interface Neighbours permits NeighbourMean, NeighbourDense {
  /**
   * The unweighted mean over a window. At the ends of a sequence the window has fewer rows; with {@code Integer.MAX_VALUE} on both sides
   * every row becomes the mean of all. The result equals attention with scale 0 and {@link Mask#window}, without the cost of scores.
   *
   * @param left number of rows before the row itself; {@code Integer.MAX_VALUE} is all
   * @param right number of rows after it; {@code Integer.MAX_VALUE} is all
   */
  static Neighbours mean(int left, int right) {
    return NeighbourMean.of(left, right);
  }

  /**
   * A dense layer over a window ("Natural Language Processing (Almost) from Scratch", Collobert et al., 2011, section 3.3.1; also known as
   * a 1-D convolution): row i becomes activation(W · [rows i − left to i + right, concatenated] + bias). Rows outside the sequence count as
   * zeros.
   *
   * @param linear a layer with as many inputs as the rows of a window have elements
   * @param left number of rows before the row itself
   * @param right number of rows after it
   */
  static Neighbours dense(Linear linear, int left, int right) {
    return NeighbourDense.of(linear, left, right);
  }

  /**
   * Returns a copy for padded sequences: batch entry b has {@code lengths[b]} rows. Later rows are never read, and their output is 0.
   *
   * @throws IllegalArgumentException if a length is negative
   */
  Neighbours withLengths(int... lengths);

  /** Returns a copy for packed sequences in one batch entry, by their key rows; no window contains rows of another sequence. */
  Neighbours withPackedSequences(PackedSequences sequences);

  /** Returns a copy with this number of threads for each call, including the caller's. */
  Neighbours withThreads(int threads);

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  Neighbours withKernels(Kernels kernels);

  /**
   * Computes every row.
   *
   * @param x batch × rows × width; packed 1 × rows × width
   * @param output batch × rows × width for the mean, × outputs for a dense layer, written
   * @throws IllegalArgumentException if shapes differ, lengths or packed sequences do not fit, or output shares elements with x or with
   *     itself; nothing has been written then
   */
  void forward(SequenceBatch x, SequenceBatch output);
}
