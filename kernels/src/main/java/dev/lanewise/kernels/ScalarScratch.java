package dev.lanewise.kernels;

import java.lang.ref.SoftReference;

/** Working array of the plain Java attention: the scores of one query row. */
final class ScalarScratch implements ScratchPool.Member<ScalarScratch> {
  static final ScratchPool<ScalarScratch> POOL = new ScratchPool<>(ScalarScratch::new);

  private final SoftReference<ScalarScratch> reference = new SoftReference<>(this);
  private float[] scores = new float[0];

  @Override
  public SoftReference<ScalarScratch> reference() {
    return reference;
  }

  /** Room for one score a key. */
  float[] scores(int keys) {
    if (scores.length < keys) {
      scores = new float[keys];
    }
    return scores;
  }
}
