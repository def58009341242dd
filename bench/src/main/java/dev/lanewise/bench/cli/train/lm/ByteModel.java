package dev.lanewise.bench.cli.train.lm;

import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.learn.TrainableAttention;
import dev.lanewise.core.learn.TrainableEmbedding;
import dev.lanewise.core.learn.TrainableFeedForward;
import dev.lanewise.core.learn.TrainableLanguageModel;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.core.learn.TrainableNorm;
import dev.lanewise.core.learn.TrainableStack;
import dev.lanewise.core.learn.TrainableTransformerLayer;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A decoder-only model of bytes, with the parts of Llama: RMS norms before the sublayers, rotary positions, a gated feed-forward network,
 * no biases, and a head that shares the weight of the embedding.
 *
 * @param width width of a row
 * @param layers number of layers
 * @param heads number of heads, each of an even width
 * @param hidden width of the feed-forward network
 * @param context number of bytes that the model sees at most
 * @param dropout rate of dropout after the embedding and after each sublayer
 */
public record ByteModel(int width, int layers, int heads, int hidden, int context, float dropout) {
  /** Number of tokens: every byte is one. */
  public static final int VOCABULARY = 256;

  /** Addend in norms. */
  static final float EPSILON = 1e-5f;

  private static final float EMBEDDING_DEVIATION = 0.02f;

  /** Deviation of a weight of a projection, times the root of its inputs: about that of GPT-2 at a width of 512. */
  private static final double GAIN = 0.45;

  /** A model whose feed-forward network is 8/3 as wide as its rows, rounded to a multiple of 16. */
  public static ByteModel of(int width, int layers, int heads, int context, float dropout) {
    return new ByteModel(width, layers, heads, Math.max(16, (width * 8 / 3 + 8) / 16 * 16), context, dropout);
  }

  /** The model before it has learned anything: random weights that follow from a seed. */
  public TrainableLanguageModel create(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    TrainableEmbedding embedding = TrainableEmbedding.normal(random.nextLong(), VOCABULARY, width, EMBEDDING_DEVIATION);
    List<TrainableTransformerLayer> stack = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      stack.add(layer(random));
    }
    return TrainableLanguageModel.tied(embedding, TrainableStack.of(stack, norm())).withDropout(dropout);
  }

  private TrainableNorm norm() {
    return TrainableNorm.rms(width, EPSILON);
  }

  private TrainableTransformerLayer layer(SplittableRandom random) {
    // What is added to the residual stream is smaller the more layers there are, as in GPT-2.
    double added = GAIN / Math.sqrt(2.0 * layers);
    NamedTensors weights =
        NamedTensors.builder()
            .add("in_proj_weight", weight(random, width, 3 * width, GAIN), 3L * width, width)
            .add("out_proj.weight", weight(random, width, width, added), width, width)
            .build();
    TrainableAttention attention =
        TrainableAttention.builder(width, heads)
            .withoutBiases()
            .attention(scores -> scores.withMask(Mask.causal()))
            .positions(Rotary.of(width / heads))
            .of(weights);
    TrainableFeedForward network =
        TrainableFeedForward.gated(
            linear(random, width, hidden, GAIN),
            linear(random, width, hidden, GAIN),
            linear(random, hidden, width, added),
            Activation.SILU);
    return TrainableTransformerLayer.encoder(attention, norm(), network, norm(), Norm.Placement.PRE, dropout);
  }

  private static TrainableLinear linear(SplittableRandom random, int inputs, int outputs, double gain) {
    return TrainableLinear.of(weight(random, inputs, outputs, gain), null, inputs, outputs);
  }

  private static float[] weight(SplittableRandom random, int inputs, int outputs, double gain) {
    float[] weight = new float[Math.multiplyExact(inputs, outputs)];
    double deviation = gain / Math.sqrt(inputs);
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (deviation * random.nextGaussian());
    }
    return weight;
  }
}
