package dev.lanewise.core.pooling;

import dev.lanewise.core.Sequences;
import dev.lanewise.kernels.data.SequenceStarts;

/** The examples of the Javadoc of {@link Pooling}; {@link PoolingTest} compares the two and runs these. */
final class PoolingExample {
  private PoolingExample() {}

  static void plain(Sequences x, Sequences packed, Sequences pooled) {
    // begin
    Pooling.mean().apply(x, pooled); // pooled is batch × 1 × width
    Pooling.mean().apply(x, new int[] {17, 24}, pooled); // behind the 17th row of the first sequence is padding
    Pooling.mean().apply(packed, SequenceStarts.of(0, 17, 41), pooled); // the same without padding
    // end
  }

  static void attention(float[] learnedQuery, Sequences x, Sequences values, Sequences pooled, Sequences pooledValues) {
    Sequences keys = x;
    int numHeads = 2, headDim = 4;
    // begin
    AttentionPooling pooling = AttentionPooling.of(learnedQuery, numHeads, headDim);
    pooling.apply(x, pooled); // keys and values are the rows themselves: width numHeads · headDim
    pooling.apply(keys, values, pooledValues); // from two sources, of different widths
    // end
  }
}
