package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.EncoderWeights;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableTransformerLayer;

/**
 * A step of training of a post-norm encoder layer with GELU on seeded numbers: gradients are set to 0, then the forward and the backward
 * pass run, with the gradients of all parameters and of the input. The optimiser's step is not part of it.
 */
public final class TrainStepCall {
  /** Addend in norms, BERT's. */
  public static final float EPSILON = 1e-12f;

  /** The feed-forward network is so many times as wide as a row. */
  public static final int FEED_FORWARD = 4;

  private final int heads;
  private final EncoderWeights weights;
  private final SequenceBatch input;
  private final SequenceBatch outputGradient;
  private final SequenceBatch output;
  private final SequenceBatch inputGradient;
  private final TrainableTransformerLayer layer;
  private final Trace trace;

  /**
   * A call.
   *
   * @param trace threads and kernels
   */
  public TrainStepCall(ShapeOptions shape, Trace trace) {
    this.trace = trace;
    heads = shape.heads;
    int embedDim = Math.multiplyExact(shape.heads, shape.headDim);
    SeededData data = new SeededData();
    weights = EncoderWeights.seeded(embedDim, FEED_FORWARD * embedDim, data);
    int numbers = shape.batch * shape.queries * embedDim;
    input = SequenceBatch.of(data.numbers(numbers), shape.batch, shape.queries, embedDim);
    outputGradient = SequenceBatch.of(data.numbers(numbers), shape.batch, shape.queries, embedDim);
    output = SequenceBatch.zeros(shape.batch, shape.queries, embedDim);
    inputGradient = SequenceBatch.zeros(shape.batch, shape.queries, embedDim);
    layer = newLayer();
  }

  /** The layer before it has any gradients. */
  TrainableTransformerLayer newLayer() {
    return weights.trainable(heads, EPSILON);
  }

  /** Computes the gradients. */
  public void run() {
    layer.clearGradients();
    layer.forward(input, output, trace);
    layer.backward(trace, outputGradient, inputGradient);
  }

  /** The weights of the layer. */
  public EncoderWeights weights() {
    return weights;
  }

  /** The layer, with the gradients of its parameters from the last run. */
  public TrainableTransformerLayer layer() {
    return layer;
  }

  /** Dense batch, row, column, as all rows. */
  public SequenceBatch input() {
    return input;
  }

  /** The gradient of the output. */
  public SequenceBatch outputGradient() {
    return outputGradient;
  }

  /** The gradient of the input from the last run. */
  public SequenceBatch inputGradient() {
    return inputGradient;
  }
}
