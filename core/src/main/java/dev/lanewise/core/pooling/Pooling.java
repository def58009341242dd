package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;

/**
 * One row for each sequence, made of all its rows: the first ({@link #firstToken}), the mean ({@link #mean}), or a weighted mean whose
 * weights a learned query finds ({@link AttentionPooling}). A sequence without rows gives 0. Immutable and thread-safe.
 *
 * <pre>{@code
 * Pooling.mean().apply(x, pooled); // pooled is batch × 1 × width
 * Pooling.mean().apply(x, new int[] {17, 24}, pooled); // rows after the 17th of the first sequence are padding
 * Pooling.mean().apply(packed, PackedSequences.of(0, 17, 41), pooled); // the same without padding
 * }</pre>
 *
 * <p>The bits of a result do not depend on the other sequences; packed, they are those of the sequence alone.
 */
public sealed interface Pooling permits UnweightedPooling, AttentionPooling {

  /** Pooling to the first row, such as BERT's [CLS]. */
  static Pooling firstToken() {
    return new UnweightedPooling(false, Kernels.selected());
  }

  /** Pooling to the mean of all rows. */
  static Pooling mean() {
    return new UnweightedPooling(true, Kernels.selected());
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  Pooling withKernels(Kernels kernels);

  /**
   * Pools sequences that fill all rows.
   *
   * @param x batch × rows × width
   * @param output batch × 1 × width, written
   * @throws IllegalArgumentException if shapes differ, or output shares elements with x or with itself; nothing has been written then
   */
  void apply(SequenceBatch x, SequenceBatch output);

  /**
   * Pools padded sequences.
   *
   * @param lengths number of rows of each batch entry; later rows are never read
   * @throws IllegalArgumentException as for {@link #apply(SequenceBatch, SequenceBatch)}, or if there are not batch lengths from 0 to rows
   */
  void apply(SequenceBatch x, int[] lengths, SequenceBatch output);

  /**
   * Pools packed sequences.
   *
   * @param x 1 × rows × width
   * @param sequences the starts of the sequences, by their key rows
   * @param output sequences × 1 × width, written
   * @throws IllegalArgumentException as for {@link #apply(SequenceBatch, SequenceBatch)}, or if the sequences have a different number of
   *     rows than x
   */
  void apply(SequenceBatch x, PackedSequences sequences, SequenceBatch output);
}
