package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.options.ShapeOptions;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** libtorch through bytedeco's bindings, with OpenBLAS under it: fused scaled_dot_product_attention, mm, softmax; gradients by autograd. */
final class PyTorchPeer implements Peer {
  private final NoGradGuard noGradients;

  PyTorchPeer(int threads) {
    OpenBlasPeer.limit(threads);
    torch.set_num_threads(threads);
    noGradients = new NoGradGuard();
  }

  @Override
  public String name() {
    return "PyTorch " + Versions.of("org.bytedeco", "pytorch");
  }

  @Override
  public PeerTask attention(AttentionTask task) {
    ShapeOptions shape = task.shape;
    Tensor query = Tensor.create(task.query, shape.batch, shape.heads, shape.queries, shape.headDim);
    Tensor key = Tensor.create(task.key, shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim);
    Tensor value = Tensor.create(task.value, shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim);
    TensorOptional noMask = new TensorOptional();
    DoubleOptional defaultScale = new DoubleOptional();
    boolean grouped = shape.keyValueHeads() != shape.heads;
    return taskOf(
        () -> torch.scaled_dot_product_attention(query, key, value, noMask, 0, shape.causal, defaultScale, grouped), task.query.length);
  }

  @Override
  public PeerTask backward(BackwardTask task) {
    return PyTorchGradients.attention(task);
  }

  @Override
  public PeerTask trainStep(TrainStepTask task) {
    return PyTorchLayer.trainStep(task);
  }

  @Override
  public PeerTask product(ProductTask task) {
    Tensor input = Tensor.create(task.input, task.m, task.k);
    Tensor weight = Tensor.create(task.weight, task.k, task.n);
    return taskOf(() -> torch.mm(input, weight), task.m * task.n);
  }

  @Override
  public PeerTask softmax(SoftmaxTask task) {
    Tensor scores = Tensor.create(task.scores, task.queries, task.keys);
    return taskOf(() -> torch.softmax(scores, 1), task.queries * task.keys);
  }

  @Override
  public void close() {
    noGradients.close();
  }

  /** Each run makes a new result, as PyTorch's users do; its own allocator keeps the memory. */
  private static PeerTask taskOf(Supplier<Tensor> computation, int size) {
    return PeerTask.of(
        () -> {
          try (PointerScope scope = new PointerScope()) {
            scope.attach(computation.get());
          }
        },
        () -> {
          float[] result = new float[size];
          try (PointerScope scope = new PointerScope()) {
            Tensor tensor = computation.get().contiguous();
            tensor.data_ptr_float().get(result);
            scope.attach(tensor);
          }
          return result;
        });
  }
}
