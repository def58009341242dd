package dev.lanewise.text;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.model.TextPooling;
import java.util.Arrays;

/** Makes one row of the rows of each sequence; zeros for a sequence without rows. */
record PoolingHead(TextPooling pooling, Kernels kernels) implements PackedEncoder.Head {
  @Override
  public float[][] apply(SequenceBatch rows, PackedSequences sequences) {
    return switch (pooling) {
      case FIRST_TOKEN -> results(pooled(Pooling.firstToken(), rows, sequences));
      case LAST_TOKEN -> lastRows(rows, sequences);
      case MEAN -> results(pooled(Pooling.mean().withKernels(kernels), rows, sequences));
    };
  }

  /** Pools each sequence: sequences × 1 × width. */
  static SequenceBatch pooled(Pooling pooling, SequenceBatch rows, PackedSequences sequences) {
    SequenceBatch pooled = SequenceBatch.zeros(sequences.count(), 1, rows.width());
    pooling.withPackedSequences(sequences).forward(rows, pooled);
    return pooled;
  }

  /** The rows of a new batch, whose entries have one row each. */
  static float[][] results(SequenceBatch batch) {
    float[][] results = new float[batch.batch()][];
    Arrays.setAll(results, i -> Arrays.copyOfRange(batch.data(), i * batch.width(), (i + 1) * batch.width()));
    return results;
  }

  private static float[][] lastRows(SequenceBatch rows, PackedSequences sequences) {
    float[][] last = new float[sequences.count()][];
    for (int s = 0; s < last.length; s++) {
      last[s] = new float[rows.width()];
      if (sequences.queries(s) > 0) {
        System.arraycopy(rows.data(), rows.index(0, sequences.queryStart(s) + sequences.queries(s) - 1), last[s], 0, rows.width());
      }
    }
    return last;
  }
}
