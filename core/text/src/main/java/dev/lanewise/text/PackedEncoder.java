package dev.lanewise.text;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.core.parallel.Workers;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Admission;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.ScratchPool;
import dev.lanewise.text.bert.BertEncoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs an encoder over many sequences of tokens, packed in groups without padding. With enough work, each thread computes a group of its
 * own on one thread: threads then wait for each other once, at the end, and not in every product. A few sequences are one group, whose
 * products the threads share. The bits of a result depend neither on the group nor on the threads.
 */
final class PackedEncoder {
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(8, 1);

  private final BertEncoder alone;
  private final BertEncoder shared;
  private final Head head;
  private final int threads;

  /** Makes the results of the sequences of a group, on one thread. */
  @FunctionalInterface
  interface Head {
    /**
     * Computes a result for each sequence.
     *
     * @param rows 1 × tokens × embedDim, which may be changed
     */
    float[][] apply(SequenceBatch rows, PackedSequences sequences);
  }

  PackedEncoder(BertEncoder encoder, int threads, Head head) {
    this.alone = encoder.withThreads(1);
    this.shared = encoder.withThreads(threads);
    this.threads = threads;
    this.head = head;
  }

  int threads() {
    return threads;
  }

  /** Computes the results of all sequences, in their order. */
  float[][] results(List<TokenSequence> sequences) {
    float[][] results = new float[sequences.size()][];
    TokenGroups groups = TokenGroups.of(sequences, threads);
    BertEncoder encoder = groups.areForOneThread() ? alone : shared;
    for (int first = 0; first < groups.count(); ) {
      int from = first;
      int to = groups.roundEnd(from);
      Admission.enter(); // the call's helpers belong to it, so the number of groups in memory stays bounded
      try {
        if (groups.areForOneThread()) {
          Workers.run(threads, Long.MAX_VALUE, to - from, i -> compute(encoder, sequences, groups.get(from + i), results));
        } else {
          compute(encoder, sequences, groups.get(from), results);
        }
      } finally {
        Admission.leave();
      }
      first = to;
    }
    return results;
  }

  /** Computes a group of sequences. */
  private void compute(BertEncoder encoder, List<TokenSequence> sequences, int[] group, float[][] results) {
    int[] starts = new int[group.length + 1];
    boolean typed = false;
    for (int i = 0; i < group.length; i++) {
      TokenSequence sequence = sequences.get(group[i]);
      starts[i + 1] = Math.addExact(starts[i], sequence.length());
      typed |= sequence.types() != null;
    }
    int tokens = starts[group.length];
    int[] ids = new int[tokens];
    int @Nullable [] types = typed ? new int[tokens] : null;
    for (int i = 0; i < group.length; i++) {
      TokenSequence sequence = sequences.get(group[i]);
      System.arraycopy(sequence.ids(), 0, ids, starts[i], sequence.length());
      if (types != null && sequence.types() != null) {
        System.arraycopy(sequence.types(), 0, types, starts[i], sequence.length());
      }
    }
    PackedSequences packed = PackedSequences.of(starts);
    int size = Checks.product("tokens", tokens, "embedDim", encoder.embedDim());
    Scratch buffers = BUFFERS.take();
    try {
      SequenceBatch rows = SequenceBatch.of(buffers.floats(0, size), 1, tokens, encoder.embedDim());
      encoder.forward(ids, types, packed, rows);
      float[][] made = head.apply(rows, packed);
      for (int i = 0; i < group.length; i++) {
        results[group[i]] = made[i];
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }
}
