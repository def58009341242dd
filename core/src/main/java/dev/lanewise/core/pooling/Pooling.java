package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;

/**
 * One row for each sequence, made of all its rows: the first ({@link #firstToken}), the mean ({@link #mean}), or a weighted mean whose
 * weights a learned query finds ({@link AttentionPooling}). A sequence without rows gives 0. Immutable and thread-safe.
 *
 * <pre>{@code
 * Pooling.mean().forward(x, pooled); // pooled is batch × 1 × width
 * Pooling.mean().withLengths(17, 24).forward(x, pooled); // rows after the 17th of the first sequence are padding
 * Pooling.mean().withPackedSequences(PackedSequences.of(0, 17, 41)).forward(packed, pooled); // the same without padding
 * }</pre>
 *
 * <p>The bits of a result do not depend on the other sequences; packed, they are those of the sequence alone.
 */
public sealed interface Pooling permits UnweightedPooling, AttentionPooling {

  /** Pooling to the first row, such as BERT's [CLS]. */
  static Pooling firstToken() {
    return new UnweightedPooling(false, SequenceRanges.ALL, 1, Kernels.selected());
  }

  /** Pooling to the mean of all rows, on one thread and the fastest kernels of this JVM. */
  static Pooling mean() {
    return new UnweightedPooling(true, SequenceRanges.ALL, 1, Kernels.selected());
  }

  /**
   * Returns a copy for padded sequences: batch entry b has {@code lengths[b]} rows, and later rows are never read. Without lengths, a
   * sequence has all rows of its batch entry.
   *
   * @throws IllegalArgumentException if a length is negative
   */
  Pooling withLengths(int... lengths);

  /** Returns a copy for packed sequences in one batch entry; their key rows are the rows that are pooled. */
  Pooling withPackedSequences(PackedSequences sequences);

  /** Returns a copy with this number of threads for each call, including the caller's. */
  Pooling withThreads(int threads);

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  Pooling withKernels(Kernels kernels);

  /**
   * Pools sequences.
   *
   * @param x batch × rows × width; packed 1 × rows × width
   * @param output sequences × 1 × width, written
   * @throws IllegalArgumentException if shapes differ, lengths or packed sequences do not fit, or output shares elements with x or with
   *     itself; nothing has been written then
   */
  void forward(SequenceBatch x, SequenceBatch output);
}
