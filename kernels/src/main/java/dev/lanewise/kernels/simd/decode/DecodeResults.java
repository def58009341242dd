package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.runtime.ScratchPool;

/** What the splits of one call leave to be joined, a row after the other: maximum, sum, output. Pooled. */
final class DecodeResults extends ScratchPool.Member {
  /** Where a row's sum stands; its maximum stands before it, and its output after it. */
  static final int SUM = 1;

  static final int OUTPUT = 2;

  private static final ScratchPool<DecodeResults> POOL = new ScratchPool<>(DecodeResults::new);

  private float[] data = new float[0];

  private DecodeResults() {}

  /** Room for {@code size} floats, whatever they hold. */
  static DecodeResults take(int size) {
    DecodeResults results = POOL.takeInside();
    if (results.data.length < size) {
      results.data = new float[size];
    }
    return results;
  }

  /** Floats a row. */
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
