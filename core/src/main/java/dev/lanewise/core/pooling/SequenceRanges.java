package dev.lanewise.core.pooling;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The rows of each sequence of a batch: all rows of a batch entry, its first {@code lengths[b]}, or a range of the only batch entry. */
record SequenceRanges(int @Nullable [] lengths, @Nullable PackedSequences packed) {
  static final SequenceRanges ALL = new SequenceRanges(null, null);

  static SequenceRanges ofLengths(int... lengths) {
    int[] copied = Objects.requireNonNull(lengths, "lengths").clone();
    for (int b = 0; b < copied.length; b++) {
      Checks.atLeast("lengths[" + b + "]", copied[b], 0);
    }
    return new SequenceRanges(copied, null);
  }

  static SequenceRanges of(PackedSequences sequences) {
    return new SequenceRanges(null, Objects.requireNonNull(sequences, "sequences"));
  }

  /** Checks that a view has these sequences. */
  void check(String name, SequenceBatch x) {
    if (packed != null) {
      Checks.same(name + ".batch", x.batch(), "the batch of packed sequences,", 1);
      Checks.same("keyStarts[last]", packed.keyStart(packed.count()), name + ".rows", x.rows());
    }
    if (lengths != null) {
      Checks.same("lengths.length", lengths.length, name + ".batch", x.batch());
      for (int b = 0; b < lengths.length; b++) {
        Checks.atMost("lengths[" + b + "]", lengths[b], name + ".rows", x.rows());
      }
    }
  }

  /** Checks the source and the output of a call that computes one row for each sequence. */
  void checkOneRow(String name, SequenceBatch x, SequenceBatch output, String widthName, int width) {
    check(name, x);
    Objects.requireNonNull(output, "output");
    Checks.same("output.batch", output.batch(), "the number of sequences", count(x));
    Checks.same("output.rows", output.rows(), "the rows of a result", 1);
    checkOutput(name, x, output, widthName, width);
  }

  /** Checks the source and the output of a call that computes one row for each row. */
  void checkEachRow(SequenceBatch x, SequenceBatch output, String widthName, int width) {
    check("x", x);
    Objects.requireNonNull(output, "output");
    Checks.same("output.batch", output.batch(), "x.batch", x.batch());
    Checks.same("output.rows", output.rows(), "x.rows", x.rows());
    checkOutput("x", x, output, widthName, width);
  }

  private static void checkOutput(String name, SequenceBatch x, SequenceBatch output, String widthName, int width) {
    Checks.same("output.width", output.width(), widthName, width);
    ViewChecks.writable("output", output.split(1));
    ViewChecks.disjoint("output", output.split(1), name, x.split(1));
  }

  /** Number of sequences. */
  int count(SequenceBatch x) {
    return packed == null ? x.batch() : packed.count();
  }

  /** The rows of a sequence, in a view with the rows of the source. */
  Matrix rows(int sequence, SequenceBatch view) {
    if (packed != null) {
      return view.matrix(0, packed.keyStart(sequence), packed.keys(sequence), 0, view.width());
    }
    return view.matrix(sequence, 0, lengths == null ? view.rows() : lengths[sequence], 0, view.width());
  }

  /** Sets the padding after a sequence to 0, in a view with the rows of the source. */
  void clearPadding(int sequence, SequenceBatch view) {
    for (int row = lengths == null ? view.rows() : lengths[sequence]; row < view.rows() && packed == null; row++) {
      int from = view.index(sequence, row);
      Arrays.fill(view.data(), from, from + view.width(), 0);
    }
  }

  /** The output with one row for each sequence, as attention writes it: packed sequences are rows of one batch entry. */
  SequenceBatch eachRow(SequenceBatch output) {
    return packed == null
        ? output
        : new SequenceBatch(output.data(), output.offset(), 1, output.batch(), output.width(), 0, output.batchStride());
  }

  /** The attention of one query for each sequence to the rows of that sequence. */
  Attention applyTo(Attention attention) {
    if (packed != null) {
      int[] queryStarts = new int[packed.count() + 1];
      int[] keyStarts = new int[packed.count() + 1];
      Arrays.setAll(queryStarts, s -> s);
      Arrays.setAll(keyStarts, packed::keyStart);
      return attention.withPackedSequences(PackedSequences.of(queryStarts, keyStarts));
    }
    return lengths == null ? attention : attention.withMask(Mask.keyLengths(lengths));
  }
}
