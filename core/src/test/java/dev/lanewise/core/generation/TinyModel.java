package dev.lanewise.core.generation;

import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Activation;
import java.util.List;

/** A small decoder-only model with random weights: grouped heads, rotary positions, and a window in its first layer. */
final class TinyModel {
  static final int VOCABULARY = 29;
  private static final int WIDTH = 16;
  private static final int HIDDEN = 24;

  private TinyModel() {}

  /**
   * Creates a model.
   *
   * @param window number of rows that the first layer sees; 0 for all
   */
  static LanguageModel of(long seed, int window) {
    TransformerLayer first = layer(seed);
    TransformerLayer local = window == 0 ? first : first.withMask(Mask.window(window - 1, 0).and(Mask.causal()));
    TransformerStack stack = TransformerStack.of(List.of(local, layer(seed + 100)), norm(seed + 7));
    Embedding embedding = Embedding.of(Views.randomArray(VOCABULARY * WIDTH, 1, seed + 8), VOCABULARY, WIDTH);
    return LanguageModel.of(embedding, stack, linear(WIDTH, VOCABULARY, seed + 9));
  }

  private static TransformerLayer layer(long seed) {
    MultiHeadAttention attention =
        MultiHeadAttention.builder(WIDTH, 4)
            .keyValueHeads(2)
            .query(linear(WIDTH, WIDTH, seed + 1))
            .key(linear(WIDTH, WIDTH / 2, seed + 2))
            .value(linear(WIDTH, WIDTH / 2, seed + 3))
            .output(linear(WIDTH, WIDTH, seed + 4))
            .build()
            .withPositions(Rotary.of(4));
    FeedForward network = FeedForward.of(linear(WIDTH, HIDDEN, seed + 5), linear(HIDDEN, WIDTH, seed + 6), Activation.GELU);
    return TransformerLayer.decoderOnly(attention, norm(seed + 10), network, norm(seed + 11), Norm.Placement.PRE);
  }

  private static Linear linear(int inputs, int outputs, long seed) {
    return Linear.of(Views.randomArray(inputs * outputs, 2 / Math.sqrt(inputs), seed), null, inputs, outputs);
  }

  private static Norm norm(long seed) {
    return Norm.rms(Views.randomArray(WIDTH, 1, seed), 1e-5f);
  }
}
