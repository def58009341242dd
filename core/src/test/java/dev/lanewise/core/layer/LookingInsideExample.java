package dev.lanewise.core.layer;

import dev.lanewise.core.AttentionWeights;
import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Heads;
import java.util.List;

/** The examples of the Javadoc of entropy and rollout; {@link LookingInsideTest} compares the two and runs these. */
final class LookingInsideExample {
  private LookingInsideExample() {}

  static void entropy(MultiHeadAttention layer, SequenceBatch x, SequenceBatch y, Heads weights, float[] entropy) {
    // begin
    layer.forward(x, x, x, y, Results.of().withWeights(weights)); // batch × numHeads × queries × keys
    AttentionWeights.entropy(weights, entropy); // batch × numHeads × queries
    // end
  }

  static void rollout(TransformerStack encoder, SequenceBatch x, SequenceBatch y, List<Heads> weights, SequenceBatch rollout) {
    // begin
    encoder.forward(x, y, weights.stream().map(Results.of()::withWeights).toList());
    AttentionWeights.rollout(weights, rollout); // of each layer batch × numHeads × rows × rows; batch × rows × rows
    // end
  }
}
