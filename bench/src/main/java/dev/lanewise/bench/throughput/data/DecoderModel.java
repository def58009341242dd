package dev.lanewise.bench.throughput.data;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Embedding;
import dev.lanewise.core.layer.FeedForward;
import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.StackState;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.layer.TransformerLayer.Sublayer;
import dev.lanewise.core.layer.TransformerStack;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.kernels.data.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A decoder-only model with random weights, of the shape of Llama: RMS norms before the sublayers, rotary positions, grouped heads, SwiGLU,
 * no biases.
 *
 * @param feedForward width of the hidden rows
 * @param tied whether the embedding is the weight of the head
 */
public record DecoderModel(
    int layers, int embedDim, int heads, int keyValueHeads, int headDim, int valueDim, int feedForward, int vocabulary, boolean tied) {
  /** What every norm adds to the mean square. */
  public static final float EPSILON = 1e-5f;

  /** Width of the rows from which keys and values of a filled cache are projected. */
  private static final int FILLER_WIDTH = 16;

  private static final int FILLER_ROWS = 256;

  /** How many weights of a layer a row is multiplied by. */
  public long layerWeights() {
    long attention = (long) embedDim * (heads * (headDim + valueDim) + keyValueHeads * (headDim + valueDim));
    return attention + 3L * embedDim * feedForward;
  }

  /** How many weights of the head a row is multiplied by. */
  public long headWeights() {
    return (long) embedDim * vocabulary;
  }

  /** The shapes of all projections, inputs and outputs: those of each layer, then the head. */
  public List<int[]> projections() {
    List<int[]> all = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      all.add(new int[] {embedDim, heads * headDim});
      all.add(new int[] {embedDim, keyValueHeads * headDim});
      all.add(new int[] {embedDim, keyValueHeads * valueDim});
      all.add(new int[] {heads * valueDim, embedDim});
      all.add(new int[] {embedDim, feedForward});
      all.add(new int[] {embedDim, feedForward});
      all.add(new int[] {feedForward, embedDim});
    }
    all.add(new int[] {embedDim, vocabulary});
    return all;
  }

  /**
   * Creates the model.
   *
   * @param stored changes each projection as soon as it is made, to another format or for other kernels
   */
  public LanguageModel create(UnaryOperator<Linear> stored) {
    RandomWeights weights = new RandomWeights();
    List<TransformerLayer> all = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      Norm before = weights.rms(embedDim);
      Norm between = weights.rms(embedDim);
      MultiHeadAttention attention =
          MultiHeadAttention.builder(embedDim, heads)
              .keyValueHeads(keyValueHeads)
              .headDim(headDim)
              .valueDim(valueDim)
              .query(stored.apply(weights.linear(embedDim, heads * headDim)))
              .key(stored.apply(weights.linear(embedDim, keyValueHeads * headDim)))
              .value(stored.apply(weights.linear(embedDim, keyValueHeads * valueDim)))
              .output(stored.apply(weights.linear(heads * valueDim, embedDim)))
              .build()
              .withPositions(Rotary.of(headDim));
      Linear gate = stored.apply(weights.linear(embedDim, feedForward));
      Linear up = stored.apply(weights.linear(embedDim, feedForward));
      Linear down = stored.apply(weights.linear(feedForward, embedDim));
      FeedForward network = FeedForward.gated(gate, up, down, Activation.SILU);
      all.add(TransformerLayer.decoderOnly(attention, before, network, between, Norm.Placement.PRE));
    }
    Norm last = weights.rms(embedDim);
    Linear head = stored.apply(weights.linear(embedDim, vocabulary));
    Embedding embedding = tied ? Embedding.tied(head) : Embedding.of(weights.next(embedDim, vocabulary), vocabulary, embedDim);
    return LanguageModel.of(embedding, TransformerStack.of(all, last), head);
  }

  /**
   * Appends random keys and values to the sequences of a state of the model. They come from small layers with heads of the same shape,
   * since the model itself would take minutes for a long cache.
   */
  public void fill(StackState state, int rows) {
    RandomWeights weights = new RandomWeights();
    List<TransformerLayer> small = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      MultiHeadAttention attention =
          MultiHeadAttention.builder(FILLER_WIDTH, keyValueHeads)
              .headDim(headDim)
              .valueDim(valueDim)
              .query(weights.linear(FILLER_WIDTH, keyValueHeads * headDim))
              .key(weights.linear(FILLER_WIDTH, keyValueHeads * headDim))
              .value(weights.linear(FILLER_WIDTH, keyValueHeads * valueDim))
              .output(weights.linear(keyValueHeads * valueDim, FILLER_WIDTH))
              .build()
              .withMask(Mask.causal().and(Mask.windowFrom(0)));
      small.add(TransformerLayer.of(Sublayer.self(attention).withNorm(weights.rms(FILLER_WIDTH), Norm.Placement.PRE)));
    }
    TransformerStack stack = TransformerStack.of(small, null);
    SeededData data = new SeededData();
    for (int row = 0; row < rows; row += FILLER_ROWS) {
      int count = Math.min(FILLER_ROWS, rows - row);
      float[] numbers = data.numbers(Math.multiplyExact(state.batch() * FILLER_WIDTH, count));
      SequenceBatch x = SequenceBatch.of(numbers, state.batch(), count, FILLER_WIDTH);
      stack.forward(x, state, x);
    }
  }
}
