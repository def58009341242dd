package dev.lanewise.text;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.model.TextPooling;
import java.util.Arrays;

/** Makes one row of the rows of each sequence. */
record PoolingHead(TextPooling pooling, Kernels kernels) implements PackedEncoder.Head {
  @Override
  public float[][] apply(SequenceBatch rows, PackedSequences sequences) {
    return switch (pooling) {
      case FIRST_TOKEN -> row(rows, sequences, false);
      case LAST_TOKEN -> row(rows, sequences, true);
      case MEAN -> mean(rows, sequences);
    };
  }

  /** The first or last row of each sequence; zeros for a sequence without rows. */
  static float[][] row(SequenceBatch rows, PackedSequences sequences, boolean last) {
    float[][] pooled = new float[sequences.count()][rows.width()];
    for (int s = 0; s < pooled.length; s++) {
      int count = sequences.queries(s);
      if (count > 0) {
        int from = rows.index(0, sequences.queryStart(s) + (last ? count - 1 : 0));
        pooled[s] = Arrays.copyOfRange(rows.data(), from, from + rows.width());
      }
    }
    return pooled;
  }

  private float[][] mean(SequenceBatch rows, PackedSequences sequences) {
    int width = rows.width();
    SequenceBatch means = SequenceBatch.zeros(sequences.count(), 1, width);
    Pooling.mean().withKernels(kernels).withPackedSequences(sequences).forward(rows, means);
    float[][] pooled = new float[sequences.count()][];
    Arrays.setAll(pooled, s -> Arrays.copyOfRange(means.data(), s * width, (s + 1) * width));
    return pooled;
  }
}
