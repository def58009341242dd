package dev.lanewise.core;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.List;

/** The examples of README.md; {@link ReadmeTest} compares the two and runs these. */
final class ReadmeExample {
  private ReadmeExample() {}

  static float[] run() {
    // begin
    int batch = 1, heads = 12, keyValueHeads = 4, length = 128, headDim = 64;
    float[] q = new float[batch * heads * length * headDim]; // batch, head, row, column
    Heads query = Heads.of(q, batch, heads, length, headDim); // a view: nothing is copied
    Heads key = Heads.zeros(batch, keyValueHeads, length, headDim); // three query heads share a key/value head
    Heads value = Heads.zeros(batch, keyValueHeads, length, headDim);
    Heads output = Heads.zeros(batch, heads, length, headDim);

    Attention.standard().withMask(Mask.causal()).withThreads(2).compute(query, key, value, output);
    // end
    return output.data();
  }

  static TopKeys variants(Heads query, Heads key, Heads value, Heads output) {
    int batch = query.batch(), heads = query.heads(), length = query.rows();
    // begin
    TopKeys top = TopKeys.of(5, batch, heads, length);
    Attention.standard()
        .withMask(Mask.window(255, 0).and(Mask.keyLengths(100)))
        .withSoftcap(30)
        .withAlibi(Attention.standardSlopes(heads))
        .compute(query, key, value, Results.of().withOutput(output).withTopKeys(top));
    // end
    return top;
  }

  static void decode(
      MultiHeadAttention layer, SequenceBatch prompt, SequenceBatch promptOutput, SequenceBatch token, SequenceBatch tokenOutput) {
    int keyValueHeads = 2, headDim = 8;
    // begin
    MultiHeadAttention decoder = layer.withMask(Mask.causal()).withPositions(Rotary.of(headDim));
    try (KeyValueCache cache = KeyValueCache.builder(keyValueHeads, headDim).format(KeyValueFormat.F16).capacity(4096).build()) {
      decoder.forward(prompt, List.of(cache), promptOutput); // appends the keys and values of all rows of the prompt
      decoder.forward(token, List.of(cache), tokenOutput); // one step: the result of one causal pass over all rows, up to rounding to F16
    }
    // end
  }
}
