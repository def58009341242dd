package dev.lanewise.core.pooling;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.PackedSequences;

/** The examples of the Javadoc of {@link Pooling}; {@link PoolingTest} compares the two and runs these. */
final class PoolingExample {
  private PoolingExample() {}

  static void plain(SequenceBatch x, SequenceBatch packed, SequenceBatch pooled) {
    // begin
    Pooling.mean().forward(x, pooled); // pooled is batch × 1 × width
    Pooling.mean().withLengths(17, 24).forward(x, pooled); // rows after the 17th of the first sequence are padding
    Pooling.mean().withPackedSequences(PackedSequences.of(0, 17, 41)).forward(packed, pooled); // the same without padding
    // end
  }

  static void attention(float[] learnedQuery, SequenceBatch x, SequenceBatch values, SequenceBatch pooled, SequenceBatch pooledValues) {
    SequenceBatch keys = x;
    int numHeads = 2, headDim = 4;
    // begin
    AttentionPooling pooling = AttentionPooling.of(learnedQuery, numHeads, headDim);
    pooling.forward(x, pooled); // keys and values are the rows themselves: width numHeads · headDim
    pooling.forward(keys, values, pooledValues); // from two sources, of different widths
    // end
  }
}
