package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.data.EncoderWeights;
import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import dev.lanewise.core.learn.TrainableTransformerLayer;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A step of training of a post-norm encoder layer with GELU: its forward and its backward pass. The result is the gradient of the input and
 * those of the parameters: projections of attention, its output, both projections of the feed-forward network, both norms.
 */
final class TrainStepTask implements Task {
  /** Addend in norms, BERT's. */
  static final float EPSILON = 1e-12f;

  private static final int FEED_FORWARD = 4;

  /** The parameters in the order of the result. */
  private static final String[] ORDER = {
    "self_attn.in_proj_weight",
    "self_attn.in_proj_bias",
    "self_attn.out_proj.weight",
    "self_attn.out_proj.bias",
    "linear1.weight",
    "linear1.bias",
    "linear2.weight",
    "linear2.bias",
    "norm1.weight",
    "norm1.bias",
    "norm2.weight",
    "norm2.bias"
  };

  final ShapeOptions shape;
  final int embedDim;
  final EncoderWeights weights;

  /** Batch, row, column, as the gradient of the output. */
  final float[] input;

  final float[] outputGradient;
  private final TrainableTransformerLayer layer;
  private final SequenceBatch output;
  private final SequenceBatch inputGradient;
  private final Trace trace;

  TrainStepTask(ShapeOptions shape, int threads) {
    this.shape = shape;
    embedDim = shape.heads * shape.headDim;
    SeededData data = new SeededData();
    weights = EncoderWeights.seeded(embedDim, FEED_FORWARD * embedDim, data);
    input = data.numbers(shape.batch * shape.queries * embedDim);
    outputGradient = data.numbers(input.length);
    layer = weights.trainable(shape.heads, EPSILON);
    output = SequenceBatch.zeros(shape.batch, shape.queries, embedDim);
    inputGradient = SequenceBatch.zeros(shape.batch, shape.queries, embedDim);
    trace = Trace.create().setThreads(threads);
  }

  @Override
  public Map<String, Object> shape() {
    return Shape.of(
        "batch", shape.batch, "heads", shape.heads, "rows", shape.queries, "embedDim", embedDim, "feedForward", FEED_FORWARD * embedDim);
  }

  @Override
  public void run() {
    layer.clearGradients();
    layer.forward(rows(input), output, trace);
    layer.backward(trace, rows(outputGradient), inputGradient);
  }

  private SequenceBatch rows(float[] data) {
    return SequenceBatch.of(data, shape.batch, shape.queries, embedDim);
  }

  @Override
  public float[] result() {
    Map<String, Parameter> parameters = layer.parameters().stream().collect(Collectors.toMap(Parameter::name, parameter -> parameter));
    float[][] parts = new float[ORDER.length + 1][];
    parts[0] = inputGradient.data();
    for (int i = 0; i < ORDER.length; i++) {
      parts[i + 1] = Objects.requireNonNull(parameters.get(ORDER[i]), ORDER[i]).gradient();
    }
    return BackwardTask.joined(parts);
  }

  /** A double-precision result would take minutes: the results of the two programs are compared with each other. */
  @Override
  public double error(float[] result) {
    return Double.NaN;
  }

  @Override
  public PeerTask in(Peer peer) {
    return peer.trainStep(this);
  }
}
