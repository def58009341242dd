package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The rows of each sequence in a view: all rows of a batch entry, its first {@code lengths[b]}, or a range of the only batch entry. */
record SequenceRanges(SequenceBatch x, int @Nullable [] lengths, @Nullable PackedSequences packed) {

  static SequenceRanges of(SequenceBatch x) {
    Objects.requireNonNull(x, "x");
    return new SequenceRanges(x, null, null);
  }

  static SequenceRanges padded(SequenceBatch x, int[] lengths) {
    Objects.requireNonNull(x, "x");
    checkLengths(lengths, "x", x);
    return new SequenceRanges(x, lengths, null);
  }

  static SequenceRanges packed(SequenceBatch x, PackedSequences sequences) {
    Objects.requireNonNull(x, "x");
    Objects.requireNonNull(sequences, "sequences");
    Checks.same("x.batch", x.batch(), "the batch of packed sequences,", 1);
    Checks.same("keyStarts[last]", sequences.keyStart(sequences.count()), "x.rows", x.rows());
    return new SequenceRanges(x, null, sequences);
  }

  /** Checks that there is a length for each batch entry, from 0 to the number of rows. */
  static void checkLengths(int[] lengths, String name, SequenceBatch x) {
    Objects.requireNonNull(lengths, "lengths");
    Checks.same("lengths.length", lengths.length, name + ".batch", x.batch());
    for (int b = 0; b < lengths.length; b++) {
      Checks.atLeast("lengths[" + b + "]", lengths[b], 0);
      Checks.atMost("lengths[" + b + "]", lengths[b], name + ".rows", x.rows());
    }
  }

  /** Number of sequences. */
  int count() {
    return packed == null ? x.batch() : packed.count();
  }

  /** Rows of a sequence. */
  int rows(int sequence) {
    if (packed != null) {
      return packed.keys(sequence);
    }
    return lengths == null ? x.rows() : lengths[sequence];
  }

  /** The batch entry that contains a sequence. */
  int entry(int sequence) {
    return packed == null ? sequence : 0;
  }

  /** The first row of a sequence in its batch entry. */
  int first(int sequence) {
    return packed == null ? 0 : packed.keyStart(sequence);
  }

  /** The rows of a sequence in a view with the same rows as x. */
  SequenceBatch part(int sequence, SequenceBatch view) {
    int from = rows(sequence) == 0 ? 0 : view.index(entry(sequence), first(sequence));
    return new SequenceBatch(view.data(), from, 1, rows(sequence), view.width(), 0, view.rowStride());
  }

  /** Sets the padding after a sequence to 0, in a view with the same rows as x. */
  void clearPadding(int sequence, SequenceBatch view) {
    for (int row = rows(sequence); row < x.rows() && lengths != null; row++) {
      int from = view.index(sequence, row);
      Arrays.fill(view.data(), from, from + view.width(), 0);
    }
  }
}
