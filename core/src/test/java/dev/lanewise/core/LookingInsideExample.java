package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import java.util.List;

/** The examples of the Javadoc of entropy and rollout; {@link LookingInsideTest} compares the two and runs these. */
final class LookingInsideExample {
  private LookingInsideExample() {}

  static void entropy(MultiHeadAttention layer, Sequences x, Heads weights, float[] entropy) {
    // begin
    layer.weights(x, x, weights); // batch × numHeads × queries × keys
    AttentionEntropy.of(weights, entropy); // batch × numHeads × queries
    // end
  }

  static void rollout(Heads firstWeights, Heads secondWeights, Sequences rollout) {
    // begin
    AttentionRollout.of(List.of(firstWeights, secondWeights), rollout); // batch × heads × rows × rows each; batch × rows × rows
    // end
  }
}
