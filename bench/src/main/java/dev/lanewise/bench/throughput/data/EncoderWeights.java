package dev.lanewise.bench.throughput.data;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.learn.TrainableAttention;
import dev.lanewise.core.learn.TrainableFeedForward;
import dev.lanewise.core.learn.TrainableLinear;
import dev.lanewise.core.learn.TrainableNorm;
import dev.lanewise.core.learn.TrainableTransformerLayer;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.data.Activation;
import java.util.stream.IntStream;

/**
 * The weights of an encoder layer, outputs × inputs each.
 *
 * @param input W_Q, W_K and W_V stacked
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record EncoderWeights(
    float[] input,
    float[] inputBias,
    float[] output,
    float[] outputBias,
    float[] up,
    float[] upBias,
    float[] down,
    float[] downBias,
    float[] norm,
    float[] normBias) {

  /** Weights that keep the size of what passes through. */
  public static EncoderWeights seeded(int embedDim, int feedForward, SeededData data) {
    return new EncoderWeights(
        scaled(data, 3 * embedDim * embedDim, embedDim),
        scaled(data, 3 * embedDim, embedDim),
        scaled(data, embedDim * embedDim, embedDim),
        scaled(data, embedDim, embedDim),
        scaled(data, feedForward * embedDim, embedDim),
        scaled(data, feedForward, embedDim),
        scaled(data, embedDim * feedForward, feedForward),
        scaled(data, embedDim, embedDim),
        data.numbers(embedDim),
        data.numbers(embedDim));
  }

  private static float[] scaled(SeededData data, int count, int inputs) {
    float[] numbers = data.numbers(count);
    for (int i = 0; i < count; i++) {
      numbers[i] /= (float) Math.sqrt(inputs);
    }
    return numbers;
  }

  private int embedDim() {
    return norm.length;
  }

  /** How many numbers they are. */
  public long size() {
    return 4L * embedDim() * (embedDim() + 1) + 2L * up.length + upBias.length + 3L * embedDim();
  }

  /** Floating-point operations of the products and of attention over a sequence of so many rows, a multiply-add counted as two. */
  public long flops(long rows) {
    long products = 2L * embedDim() * (4L * embedDim() + 2L * upBias.length);
    return rows * (products + 4 * rows * embedDim());
  }

  /** A post-norm layer with GELU of these weights, both norms the same. */
  public TransformerLayer layer(int heads, float epsilon) {
    MultiHeadAttention attention =
        MultiHeadAttention.builder(embedDim(), heads).packedInput(input, inputBias).output(output, outputBias).build();
    Linear first = Linear.of(up, upBias, embedDim(), upBias.length);
    Linear second = Linear.of(down, downBias, upBias.length, embedDim());
    Norm both = Norm.layer(norm, normBias, epsilon);
    return TransformerLayer.encoder(attention, both, FeedForward.of(first, second, Activation.GELU), both, Norm.Placement.POST);
  }

  /** The layer of {@link #layer} that learns, each norm with weights of its own. */
  public TrainableTransformerLayer trainable(int heads, float epsilon) {
    int width = embedDim();
    NamedTensors weights =
        NamedTensors.builder()
            .add("in_proj_weight", input, 3L * width, width)
            .add("in_proj_bias", inputBias, 3L * width)
            .add("out_proj.weight", output, width, width)
            .add("out_proj.bias", outputBias, width)
            .build();
    TrainableFeedForward network =
        TrainableFeedForward.of(
            TrainableLinear.of(up, upBias, width, upBias.length),
            TrainableLinear.of(down, downBias, upBias.length, width),
            Activation.GELU);
    return TrainableTransformerLayer.encoder(
        TrainableAttention.builder(width, heads).of(weights),
        TrainableNorm.layer(norm, normBias, epsilon),
        network,
        TrainableNorm.layer(norm, normBias, epsilon),
        Norm.Placement.POST,
        0);
  }

  /** The given rows of the layer's output for the first sequence, by the reference. */
  public double[][] reference(ReferenceLayers layers, SequenceBatch x, int heads, double epsilon, int... rows) {
    int width = embedDim();
    double[][] all = ReferenceLayers.rows(x, 0);
    double[][] chosen = IntStream.of(rows).mapToObj(row -> all[row]).toArray(double[][]::new);
    double[][] query = layers.linear(chosen, input, inputBias, 0, width);
    double[][] key = layers.linear(all, input, inputBias, width, width);
    double[][] value = layers.linear(all, input, inputBias, 2 * width, width);
    double[][] attended = layers.linear(layers.attention(query, key, value, heads, heads, Attention.standard()), output, outputBias);
    double[][] y = layers.norm(layers.add(chosen, attended), true, norm, normBias, epsilon);
    double[][] hidden = layers.activated(Activation.GELU, layers.linear(y, up, upBias));
    return layers.norm(layers.add(y, layers.linear(hidden, down, downBias)), true, norm, normBias, epsilon);
  }
}
