package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.kernels.data.Heads;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Gradients by PyTorch's autograd. */
@SuppressWarnings("try") // scopes and modes work by being open
final class PyTorchGradients {
  private PyTorchGradients() {}

  /** The backward pass alone: its forward pass runs once, and its graph is kept. */
  static PeerTask attention(BackwardTask task) {
    ShapeOptions shape = task.shape;
    Tensor query = learned(task.call.query());
    Tensor key = learned(task.call.key());
    Tensor value = learned(task.call.value());
    Tensor outputGradient = tensor(task.call.outputGradient());
    TensorVector inputs = new TensorVector(query, key, value);
    TensorVector gradients = new TensorVector(outputGradient);
    TensorVector outputs;
    try (AutoGradMode on = new AutoGradMode(true)) {
      outputs = new TensorVector(fused(query, key, value, shape.causal));
    }
    return taskOf(() -> gradients(outputs, inputs, gradients, true));
  }

  static Tensor fused(Tensor query, Tensor key, Tensor value, boolean causal) {
    boolean grouped = query.size(1) != key.size(1);
    return torch.scaled_dot_product_attention(query, key, value, new TensorOptional(), 0, causal, new DoubleOptional(), grouped);
  }

  static TensorVector gradients(TensorVector outputs, TensorVector inputs, TensorVector outputGradients, boolean keepGraph) {
    return torch.grad(outputs, inputs, outputGradients, new BoolOptional(keepGraph), false, false);
  }

  private static Tensor tensor(Heads heads) {
    return Tensor.create(heads.data(), heads.batch(), heads.heads(), heads.rows(), heads.width());
  }

  private static Tensor learned(Heads heads) {
    return tensor(heads).requires_grad_(true);
  }

  static Tensor learned(float[] data, long... shape) {
    return Tensor.create(data, shape).requires_grad_(true);
  }

  /** Each run makes new gradients, as {@code zero_grad(set_to_none=True)} makes PyTorch do. */
  static PeerTask taskOf(Supplier<TensorVector> computation) {
    return PeerTask.of(
        () -> {
          try (PointerScope scope = new PointerScope()) {
            scope.attach(computation.get());
          }
        },
        () -> {
          try (PointerScope scope = new PointerScope()) {
            TensorVector gradients = computation.get();
            float[][] parts = new float[(int) gradients.size()][];
            for (int i = 0; i < parts.length; i++) {
              Tensor gradient = gradients.get(i).contiguous();
              parts[i] = new float[(int) gradient.numel()];
              gradient.data_ptr_float().get(parts[i]);
            }
            scope.attach(gradients);
            return BackwardTask.joined(parts);
          }
        });
  }
}
