package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.options.ShapeOptions;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** libtorch through bytedeco's bindings, with OpenBLAS under it: fused scaled_dot_product_attention, mm, softmax; no gradients. */
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
  public Rival attention(AttentionContest contest) {
    ShapeOptions shape = contest.shape;
    Tensor query = Tensor.create(contest.query, shape.batch, shape.heads, shape.queries, shape.headDim);
    Tensor key = Tensor.create(contest.key, shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim);
    Tensor value = Tensor.create(contest.value, shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim);
    TensorOptional noMask = new TensorOptional();
    DoubleOptional defaultScale = new DoubleOptional();
    boolean grouped = shape.keyValueHeads() != shape.heads;
    return new TensorRival(
        () -> torch.scaled_dot_product_attention(query, key, value, noMask, 0, shape.causal, defaultScale, grouped), contest.query.length);
  }

  @Override
  public Rival product(ProductContest contest) {
    Tensor input = Tensor.create(contest.input, contest.m, contest.k);
    Tensor weight = Tensor.create(contest.weight, contest.k, contest.n);
    return new TensorRival(() -> torch.mm(input, weight), contest.m * contest.n);
  }

  @Override
  public Rival softmax(SoftmaxContest contest) {
    Tensor scores = Tensor.create(contest.scores, contest.queries, contest.keys);
    return new TensorRival(() -> torch.softmax(scores, 1), contest.queries * contest.keys);
  }

  @Override
  public void close() {
    noGradients.close();
  }

  /** Each run makes a new result, as PyTorch's users do; its own allocator keeps the memory. */
  private static final class TensorRival implements Rival {
    private final Supplier<Tensor> computation;
    private final int size;

    TensorRival(Supplier<Tensor> computation, int size) {
      this.computation = computation;
      this.size = size;
    }

    @Override
    public void run() {
      try (PointerScope scope = new PointerScope()) {
        scope.attach(computation.get());
      }
    }

    @Override
    public float[] result() {
      float[] result = new float[size];
      try (PointerScope scope = new PointerScope()) {
        Tensor tensor = computation.get().contiguous();
        tensor.data_ptr_float().get(result);
        scope.attach(tensor);
      }
      return result;
    }
  }
}
