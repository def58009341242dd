package dev.lanewise.bench.peers;

import static dev.lanewise.bench.peers.PyTorchGradients.fused;
import static dev.lanewise.bench.peers.PyTorchGradients.gradients;
import static dev.lanewise.bench.peers.PyTorchGradients.learned;

import dev.lanewise.bench.throughput.TrainStepCall;
import dev.lanewise.bench.throughput.data.EncoderWeights;
import java.util.stream.Stream;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** An encoder layer of PyTorch's functions, forward and backward. */
final class PyTorchLayer {
  private PyTorchLayer() {}

  /** A post-norm encoder layer with GELU, forward and backward, composed of PyTorch's functions. */
  @SuppressWarnings("try") // the mode works by being open
  static PeerTask trainStep(TrainStepTask task) {
    EncoderWeights weights = task.weights();
    long width = task.embedDim;
    long hidden = weights.upBias().length;
    long batch = task.shape.batch;
    long rows = task.shape.queries;
    Tensor x = learned(task.input(), batch, rows, width);
    Tensor[] parameters = {
      learned(weights.input(), 3 * width, width),
      learned(weights.inputBias(), 3 * width),
      learned(weights.output(), width, width),
      learned(weights.outputBias(), width),
      learned(weights.up(), hidden, width),
      learned(weights.upBias(), hidden),
      learned(weights.down(), width, hidden),
      learned(weights.downBias(), width),
      learned(weights.norm(), width),
      learned(weights.normBias(), width),
      learned(weights.norm(), width),
      learned(weights.normBias(), width)
    };
    TensorVector inputs = new TensorVector(Stream.concat(Stream.of(x), Stream.of(parameters)).toArray(Tensor[]::new));
    TensorVector gradients = new TensorVector(Tensor.create(task.outputGradient(), batch, rows, width));
    return PyTorchGradients.taskOf(
        () -> {
          TensorVector outputs;
          try (AutoGradMode on = new AutoGradMode(true)) {
            outputs = new TensorVector(encoderLayer(x, parameters, task));
          }
          return gradients(outputs, inputs, gradients, false);
        });
  }

  private static Tensor encoderLayer(Tensor x, Tensor[] p, TrainStepTask task) {
    long batch = task.shape.batch;
    long rows = task.shape.queries;
    long heads = task.shape.heads;
    long width = task.embedDim;
    Tensor projected = torch.linear(x, p[0], new TensorOptional(p[1])).view(batch, rows, 3, heads, width / heads);
    Tensor attended = fused(head(projected, 0), head(projected, 1), head(projected, 2), false);
    Tensor joined = attended.transpose(1, 2).reshape(batch, rows, width);
    Tensor y = norm(x.add(torch.linear(joined, p[2], new TensorOptional(p[3]))), p[8], p[9], width);
    Tensor activated = torch.gelu(torch.linear(y, p[4], new TensorOptional(p[5])));
    return norm(y.add(torch.linear(activated, p[6], new TensorOptional(p[7]))), p[10], p[11], width);
  }

  private static Tensor head(Tensor projected, long part) {
    return projected.select(2, part).transpose(1, 2);
  }

  private static Tensor norm(Tensor x, Tensor weight, Tensor bias, long width) {
    return torch.layer_norm(x, new long[] {width}, new TensorOptional(weight), new TensorOptional(bias), TrainStepCall.EPSILON, false);
  }
}
