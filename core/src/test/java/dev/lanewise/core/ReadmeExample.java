package dev.lanewise.core;

import dev.lanewise.kernels.Heads;

/** The example of README.md; {@link ReadmeTest} compares the two and runs this one. */
final class ReadmeExample {
  private ReadmeExample() {}

  static float[] run() {
    // begin
    int batch = 1, heads = 12, keyValueHeads = 4, length = 128, headDim = 64;
    float[] q = new float[batch * heads * length * headDim]; // batch, head, row, column
    float[] k = new float[batch * keyValueHeads * length * headDim];
    float[] v = new float[batch * keyValueHeads * length * headDim];
    float[] out = new float[batch * heads * length * headDim];

    Attention attention = Attention.standard().withMask(Mask.causal()).withThreads(2);
    attention.compute(
        Heads.of(q, batch, heads, length, headDim),
        Heads.of(k, batch, keyValueHeads, length, headDim),
        Heads.of(v, batch, keyValueHeads, length, headDim),
        Heads.of(out, batch, heads, length, headDim));
    // end
    return out;
  }
}
