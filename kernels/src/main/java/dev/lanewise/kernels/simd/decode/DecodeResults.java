package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.runtime.ScratchPool;

/** The pooled results of the splits of one batch entry, to be merged. Each row has its maximum, sum and output. */
final class DecodeResults extends ScratchPool.Member {
  /** Offset of a row's sum; its maximum precedes it, and its output follows it. */
  static final int SUM = 1;

  static final int OUTPUT = 2;

  private static final ScratchPool<DecodeResults> POOL = new ScratchPool<>(DecodeResults::new);

  private float[] data = new float[0];

  private DecodeResults() {}

  /** Takes room for {@code size} floats of any content. */
  static DecodeResults take(int size) {
    DecodeResults results = POOL.takeInside();
    if (results.data.length < size) {
      results.data = new float[size];
    }
    return results;
  }

  /** Number of floats of a row. */
  static int rowSize(int valueWidth) {
    return OUTPUT + valueWidth;
  }

  float[] data() {
    return data;
  }

  void giveBack() {
    POOL.giveInside(this);
  }
}
