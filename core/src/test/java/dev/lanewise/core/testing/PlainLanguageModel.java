package dev.lanewise.core.testing;

import dev.lanewise.core.Attention;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerLayer.Sublayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.kernels.data.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * A small language model of two layers with random weights, and the logits of a text by {@link ReferenceLayers} in double.
 *
 * @param tied whether the embedding is the weight of the head
 * @param headNorms whether queries and keys are normalised
 * @param sandwich whether the output of each sublayer is normalised
 * @param window number of rows that the first layer sees; 0 for all
 */
public record PlainLanguageModel(
    String name, Kind positions, boolean tied, boolean headNorms, boolean sandwich, int window, float embeddingScale, float softcap) {
  public static final int VOCABULARY = 37;
  public static final int WIDTH = 24;
  public static final int LEARNED = 40;
  private static final int HEADS = 4;
  private static final int KEY_VALUE_HEADS = 2;
  private static final int HEAD_DIM = 8;
  private static final int HIDDEN = 40;
  private static final int LAYERS = 2;
  private static final float EPSILON = 1e-5f;
  private static final ReferenceLayers PLAIN = ReferenceLayers.inDouble();

  /** What tells the model its positions. */
  public enum Kind {
    ROTARY,
    LEARNED,
    ALIBI
  }

  public static Stream<PlainLanguageModel> all() {
    return Stream.of(
        new PlainLanguageModel("rotary", Kind.ROTARY, false, false, false, 0, 1, 0),
        new PlainLanguageModel("rotary, window", Kind.ROTARY, false, false, false, 4, 1, 0),
        new PlainLanguageModel("sandwich norms, window, softcap", Kind.ROTARY, true, false, true, 5, 4.9f, 3),
        new PlainLanguageModel("norms of heads", Kind.ROTARY, true, true, false, 0, 1, 0),
        new PlainLanguageModel("learned positions", Kind.LEARNED, true, false, false, 0, 1, 0),
        new PlainLanguageModel("learned positions, window", Kind.LEARNED, true, false, false, 4, 2, 0),
        new PlainLanguageModel("alibi", Kind.ALIBI, false, false, false, 0, 1, 5),
        new PlainLanguageModel("alibi, window", Kind.ALIBI, false, true, false, 6, 1, 0));
  }

  private static LayerShape.Weights weights(int layer, int which, int outputs, int inputs) {
    return LayerShape.Weights.of(outputs, inputs, 1000 + 100 * layer + which);
  }

  private static LayerShape.Weights query(int layer) {
    return weights(layer, 1, HEADS * HEAD_DIM, WIDTH);
  }

  private static LayerShape.Weights key(int layer) {
    return weights(layer, 2, KEY_VALUE_HEADS * HEAD_DIM, WIDTH);
  }

  private static LayerShape.Weights value(int layer) {
    return weights(layer, 3, KEY_VALUE_HEADS * HEAD_DIM, WIDTH);
  }

  private static LayerShape.Weights output(int layer) {
    return weights(layer, 4, WIDTH, HEADS * HEAD_DIM);
  }

  private static LayerShape.Weights gate(int layer) {
    return weights(layer, 5, HIDDEN, WIDTH);
  }

  private static LayerShape.Weights up(int layer) {
    return weights(layer, 6, HIDDEN, WIDTH);
  }

  private static LayerShape.Weights down(int layer) {
    return weights(layer, 7, WIDTH, HIDDEN);
  }

  private static LayerShape.Weights head() {
    return weights(LAYERS, 1, VOCABULARY, WIDTH);
  }

  private float[] embedding() {
    return tied ? head().weight() : Views.randomArray(VOCABULARY * WIDTH, 1, Problem.SEED + 2000);
  }

  private static float[] learned() {
    return Views.randomArray(LEARNED * WIDTH, 1, Problem.SEED + 2001);
  }

  private static float[] normWeight(int layer, int which) {
    return Views.randomArray(which < 2 ? HEAD_DIM : WIDTH, 1, Problem.SEED + 3000 + 10L * layer + which);
  }

  private static Norm norm(int layer, int which) {
    return Norm.rms(normWeight(layer, which), EPSILON);
  }

  private static Linear linear(LayerShape.Weights weights) {
    return Linear.of(weights.weight(), weights.bias(), weights.inputs(), weights.outputs());
  }

  /** The model. */
  public LanguageModel model() {
    List<TransformerLayer> layers = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      Sublayer attention = Sublayer.self(attention(layer)).withNorm(norm(layer, 2), Norm.Placement.PRE);
      FeedForward network = FeedForward.gated(linear(gate(layer)), linear(up(layer)), linear(down(layer)), Activation.SILU);
      Sublayer feedForward = Sublayer.feedForward(network).withNorm(norm(layer, 3), Norm.Placement.PRE);
      layers.add(
          sandwich
              ? TransformerLayer.of(
                  attention.withNorm(norm(layer, 4), Norm.Placement.OUTPUT), feedForward.withNorm(norm(layer, 5), Norm.Placement.OUTPUT))
              : TransformerLayer.of(attention, feedForward));
    }
    Linear head = linear(head());
    Embedding embedding = tied ? Embedding.tied(head) : Embedding.of(embedding(), VOCABULARY, WIDTH);
    LanguageModel model =
        LanguageModel.of(embedding, TransformerStack.of(layers, norm(LAYERS, 2)), head)
            .withEmbeddingScale(embeddingScale)
            .withLogitSoftcap(softcap);
    return positions == Kind.LEARNED ? model.withPositions(Positions.learned(learned(), LEARNED, WIDTH)) : model;
  }

  private MultiHeadAttention attention(int layer) {
    MultiHeadAttention.Builder builder =
        MultiHeadAttention.builder(WIDTH, HEADS)
            .keyValueHeads(KEY_VALUE_HEADS)
            .headDim(HEAD_DIM)
            .query(linear(query(layer)))
            .key(linear(key(layer)))
            .value(linear(value(layer)))
            .output(linear(output(layer)));
    if (headNorms) {
      builder.queryNorm(norm(layer, 0)).keyNorm(norm(layer, 1));
    }
    MultiHeadAttention attention = builder.build().withMask(mask(layer));
    return switch (positions) {
      case ROTARY -> attention.withPositions(Rotary.of(HEAD_DIM));
      case LEARNED -> attention;
      case ALIBI -> attention.withPositions(Positions.alibi(HEADS));
    };
  }

  private Mask mask(int layer) {
    return window > 0 && layer == 0 ? Mask.window(window - 1, 0) : Mask.causal();
  }

  /** The logits after each token of a text. */
  public double[][] logits(int... ids) {
    float[] embedding = embedding();
    float[] learned = learned();
    double[][] x = new double[ids.length][WIDTH];
    for (int row = 0; row < ids.length; row++) {
      for (int c = 0; c < WIDTH; c++) {
        x[row][c] = embedding[ids[row] * WIDTH + c] * embeddingScale + (positions == Kind.LEARNED ? learned[row * WIDTH + c] : 0);
      }
    }
    for (int layer = 0; layer < LAYERS; layer++) {
      double[][] attended = attention(layer, normed(x, layer, 2));
      x = PLAIN.add(x, sandwich ? normed(attended, layer, 4) : attended);
      double[][] normed = normed(x, layer, 3);
      double[][] hidden = PLAIN.multiply(PLAIN.activated(Activation.SILU, linear(gate(layer), normed)), linear(up(layer), normed));
      double[][] changed = linear(down(layer), hidden);
      x = PLAIN.add(x, sandwich ? normed(changed, layer, 5) : changed);
    }
    double[][] logits = linear(head(), normed(x, LAYERS, 2));
    return softcap == 0
        ? logits
        : Arrays.stream(logits)
            .map(row -> Arrays.stream(row).map(logit -> softcap * Math.tanh(logit / softcap)).toArray())
            .toArray(double[][]::new);
  }

  private double[][] attention(int layer, double[][] x) {
    double[][] queries = heads(linear(query(layer), x), layer, 0);
    double[][] keys = heads(linear(key(layer), x), layer, 1);
    Attention attention = Attention.standard().withMask(mask(layer));
    attention = positions == Kind.ALIBI ? attention.withAlibi(Attention.standardSlopes(HEADS)) : attention;
    return linear(output(layer), PLAIN.attention(queries, keys, linear(value(layer), x), HEADS, KEY_VALUE_HEADS, attention));
  }

  /** Normalises and rotates each head. */
  private double[][] heads(double[][] rows, int layer, int which) {
    double[][] result = new double[rows.length][rows[0].length];
    for (int row = 0; row < rows.length; row++) {
      for (int first = 0; first < rows[row].length; first += HEAD_DIM) {
        double[] head = Arrays.copyOfRange(rows[row], first, first + HEAD_DIM);
        head = headNorms ? normed(new double[][] {head}, layer, which)[0] : head;
        for (int i = 0; i < HEAD_DIM; i++) {
          int half = HEAD_DIM / 2;
          double angle = positions == Kind.ROTARY ? row * Math.pow(10_000, -2.0 * (i % half) / HEAD_DIM) : 0;
          double other = i < half ? -head[i + half] : head[i - half];
          result[row][first + i] = head[i] * Math.cos(angle) + other * Math.sin(angle);
        }
      }
    }
    return result;
  }

  private static double[][] normed(double[][] x, int layer, int which) {
    return PLAIN.norm(x, false, normWeight(layer, which), null, EPSILON);
  }

  private static double[][] linear(LayerShape.Weights weights, double[][] x) {
    return PLAIN.linear(x, weights.weight(), weights.bias());
  }

  @Override
  public String toString() {
    return name;
  }
}
