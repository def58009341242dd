package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.TrainStepCall;
import dev.lanewise.bench.throughput.data.EncoderWeights;
import dev.lanewise.bench.throughput.data.Shape;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.core.learn.Parameter;
import dev.lanewise.core.learn.Trace;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A step of training of a post-norm encoder layer with GELU: its forward and its backward pass. The result is the gradient of the input and
 * those of the parameters: projections of attention, its output, both projections of the feed-forward network, both norms.
 */
final class TrainStepTask implements Task {
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
  private final TrainStepCall call;

  TrainStepTask(ShapeOptions shape, int threads) {
    this.shape = shape;
    embedDim = shape.heads * shape.headDim;
    call = new TrainStepCall(shape, Trace.create().setThreads(threads));
  }

  /** The weights of the layer. */
  EncoderWeights weights() {
    return call.weights();
  }

  /** Batch, row, column. */
  float[] input() {
    return call.input().data();
  }

  /** The gradient of the output, as the input. */
  float[] outputGradient() {
    return call.outputGradient().data();
  }

  @Override
  public Map<String, Object> shape() {
    int hidden = TrainStepCall.FEED_FORWARD * embedDim;
    return Shape.of("batch", shape.batch, "heads", shape.heads, "rows", shape.queries, "embedDim", embedDim, "feedForward", hidden);
  }

  @Override
  public void run() {
    call.run();
  }

  @Override
  public float[] result() {
    Map<String, Parameter> parameters =
        call.layer().parameters().stream().collect(Collectors.toMap(Parameter::name, parameter -> parameter));
    float[][] parts = new float[ORDER.length + 1][];
    parts[0] = call.inputGradient().data();
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
