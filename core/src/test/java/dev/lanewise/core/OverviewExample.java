package dev.lanewise.core;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.List;

/** The overview of the Javadoc; {@link OverviewTest} compares and runs it. */
final class OverviewExample {
  private OverviewExample() {}

  static Heads attention(int batch, int length) {
    // begin
    Heads query = Heads.zeros(batch, 12, length, 64); // or Heads.of(array, …): a view of an array of yours, which copies nothing
    Heads key = Heads.zeros(batch, 4, length, 64); // three query heads share a key/value head
    Heads value = Heads.zeros(batch, 4, length, 64);
    Heads output = Heads.zeros(batch, 12, length, 64);
    Attention.standard().withMask(Mask.causal()).withThreads(2).compute(query, key, value, output);
    // end
    return output;
  }

  static SequenceBatch layer(float[] wq, float[] wk, float[] wv, float[] wo, SequenceBatch prompt, SequenceBatch token) {
    SequenceBatch promptOutput = SequenceBatch.zeros(1, prompt.rows(), prompt.width());
    SequenceBatch tokenOutput = SequenceBatch.zeros(1, 1, prompt.width());
    // begin
    MultiHeadAttention projections =
        MultiHeadAttention.builder(768, 12).query(wq, null).key(wk, null).value(wv, null).output(wo, null).build();
    MultiHeadAttention layer = projections.withMask(Mask.causal()).withPositions(Rotary.of(64));
    layer.forward(prompt, promptOutput); // both are batch × rows × 768
    // end
    // begin
    try (KeyValueCache cache = layer.cache().format(KeyValueFormat.F16).capacity(4096).build()) {
      layer.forward(prompt, List.of(cache), promptOutput); // 1 × any number of rows × 768
      layer.forward(token, List.of(cache), tokenOutput); // 1 × 1 × 768: attends to the prompt and to itself
    }
    // end
    return tokenOutput;
  }
}
