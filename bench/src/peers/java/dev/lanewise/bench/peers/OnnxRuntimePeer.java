package dev.lanewise.bench.peers;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.lanewise.bench.peers.onnxruntime.OnnxCall;
import dev.lanewise.bench.peers.onnxruntime.OnnxNode;
import dev.lanewise.bench.peers.onnxruntime.OnnxNode.Tensor;
import dev.lanewise.bench.peers.onnxruntime.OnnxRuntimeBatch;
import dev.lanewise.bench.peers.onnxruntime.OnnxRuntimeModel;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Single nodes in ONNX Runtime: its own MultiHeadAttention (rows with all heads side by side), or the standard Attention of opset 23 (heads
 * apart, which shares key/value heads); MatMul with a constant weight, which it packs; Softmax.
 */
final class OnnxRuntimePeer implements Peer {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final int threads;
  private final boolean standard;

  private OnnxRuntimePeer(int threads, boolean standard) {
    this.threads = threads;
    this.standard = standard;
  }

  static OnnxRuntimePeer ownOperators(int threads) {
    return new OnnxRuntimePeer(threads, false);
  }

  static OnnxRuntimePeer standardAttention(int threads) {
    return new OnnxRuntimePeer(threads, true);
  }

  @Override
  public String name() {
    return "ONNX Runtime " + environment.getVersion() + (standard ? ", Attention of opset 23" : "");
  }

  @Override
  public PeerTask attention(AttentionTask task) {
    return standard ? standardNode(task) : ownNode(task);
  }

  private PeerTask standardNode(AttentionTask task) {
    ShapeOptions shape = task.shape;
    OnnxNode node = OnnxNode.named("Attention", "");
    if (shape.causal) {
      node.attribute("is_causal", 1);
    }
    long[] keys = {shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim};
    long[] queries = {shape.batch, shape.heads, shape.queries, shape.headDim};
    return run(
        node, List.of(new Tensor("q", task.query, queries), new Tensor("k", task.key, keys), new Tensor("v", task.value, keys)), queries);
  }

  private PeerTask ownNode(AttentionTask task) {
    ShapeOptions shape = task.shape;
    if (shape.keyValueHeads() != shape.heads) {
      throw missing("heads that share keys and values in MultiHeadAttention");
    }
    OnnxNode node = OnnxNode.named("MultiHeadAttention", "com.microsoft").attribute("num_heads", shape.heads);
    if (shape.causal) {
      node.attribute("unidirectional", 1);
    }
    long width = (long) shape.heads * shape.headDim;
    long[] keys = {shape.batch, shape.keys, width};
    long[] queries = {shape.batch, shape.queries, width};
    float[] query = Arrangement.swapped(task.query, shape.batch, shape.heads, shape.queries, shape.headDim);
    float[] key = Arrangement.swapped(task.key, shape.batch, shape.heads, shape.keys, shape.headDim);
    float[] value = Arrangement.swapped(task.value, shape.batch, shape.heads, shape.keys, shape.headDim);
    PeerTask rows = run(node, List.of(new Tensor("q", query, queries), new Tensor("k", key, keys), new Tensor("v", value, keys)), queries);
    return new PeerTask(
        rows::run, () -> Arrangement.swapped(rows.result(), shape.batch, shape.queries, shape.heads, shape.headDim), rows::close);
  }

  @Override
  public PeerTask product(ProductTask task) {
    OnnxNode node = OnnxNode.named("MatMul", "").constant(new Tensor("b", task.weight, task.k, task.n));
    return run(node, List.of(new Tensor("a", task.input, task.m, task.k)), task.m, task.n);
  }

  @Override
  public PeerTask softmax(SoftmaxTask task) {
    OnnxNode node = OnnxNode.named("Softmax", "").attribute("axis", 1);
    return run(node, List.of(new Tensor("x", task.scores, task.queries, task.keys)), task.queries, task.keys);
  }

  @Override
  public PeerTask model(ModelTask task) {
    try {
      OnnxRuntimeModel model = OnnxRuntimeModel.load(threads);
      OnnxRuntimeBatch batch = model.batch(List.of(task.tokens));
      return new PeerTask(
          batch::run,
          () -> Agreement.pooled(batch.hiddenState(0, 0)),
          () -> {
            batch.close();
            model.close();
          });
    } catch (IOException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }
  }

  private PeerTask run(OnnxNode node, List<Tensor> inputs, long... resultShape) {
    try (SessionOptions options = OnnxCall.options(threads)) {
      OrtSession session = environment.createSession(node.model(inputs, resultShape), options);
      OnnxCall call = new OnnxCall(session);
      for (Tensor input : inputs) {
        call.floats(input.name(), input.data(), input.shape());
      }
      FloatBuffer result = call.result(OnnxNode.RESULT, resultShape);
      return new PeerTask(call::run, () -> copied(result), () -> close(call, session));
    } catch (OrtException e) {
      throw new UnsupportedOperationException(name() + " does not take it: " + e.getMessage(), e);
    }
  }

  private static float[] copied(FloatBuffer result) {
    float[] copy = new float[result.capacity()];
    result.get(0, copy);
    return copy;
  }

  private static void close(OnnxCall call, OrtSession session) {
    call.close();
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
