package dev.lanewise.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.lanewise.bench.peers.OnnxNode.Tensor;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
  public Rival attention(AttentionContest contest) {
    return standard ? standardNode(contest) : ownNode(contest);
  }

  private Rival standardNode(AttentionContest contest) {
    ShapeOptions shape = contest.shape;
    OnnxNode node = OnnxNode.named("Attention", "");
    if (shape.causal) {
      node.attribute("is_causal", 1);
    }
    long[] keys = {shape.batch, shape.keyValueHeads(), shape.keys, shape.headDim};
    long[] queries = {shape.batch, shape.heads, shape.queries, shape.headDim};
    return run(
        node,
        List.of(new Tensor("q", contest.query, queries), new Tensor("k", contest.key, keys), new Tensor("v", contest.value, keys)),
        queries);
  }

  private Rival ownNode(AttentionContest contest) {
    ShapeOptions shape = contest.shape;
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
    float[] query = Arrangement.swapped(contest.query, shape.batch, shape.heads, shape.queries, shape.headDim);
    float[] key = Arrangement.swapped(contest.key, shape.batch, shape.heads, shape.keys, shape.headDim);
    float[] value = Arrangement.swapped(contest.value, shape.batch, shape.heads, shape.keys, shape.headDim);
    NodeRival inner =
        run(node, List.of(new Tensor("q", query, queries), new Tensor("k", key, keys), new Tensor("v", value, keys)), queries);
    return new Rival() {
      @Override
      public void run() {
        inner.run();
      }

      @Override
      public float[] result() {
        return Arrangement.swapped(inner.result(), shape.batch, shape.queries, shape.heads, shape.headDim);
      }

      @Override
      public void close() {
        inner.close();
      }
    };
  }

  @Override
  public Rival product(ProductContest contest) {
    OnnxNode node = OnnxNode.named("MatMul", "").constant(new Tensor("b", contest.weight, contest.k, contest.n));
    return run(node, List.of(new Tensor("a", contest.input, contest.m, contest.k)), contest.m, contest.n);
  }

  @Override
  public Rival softmax(SoftmaxContest contest) {
    OnnxNode node = OnnxNode.named("Softmax", "").attribute("axis", 1);
    return run(node, List.of(new Tensor("x", contest.scores, contest.queries, contest.keys)), contest.queries, contest.keys);
  }

  @Override
  public Rival model(ModelContest contest) {
    try {
      OnnxRuntimeModel model = OnnxRuntimeModel.load(threads);
      return new ModelRival(model, model.batch(List.of(contest.tokens.ids())));
    } catch (IOException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }
  }

  /** The whole model on one text. */
  private record ModelRival(OnnxRuntimeModel model, OnnxRuntimeBatch batch) implements Rival {
    @Override
    public void run() {
      batch.run();
    }

    @Override
    public float[] result() {
      double[] pooled = Agreement.pooled(batch.hiddenState(0, 0));
      float[] embedding = new float[pooled.length];
      for (int i = 0; i < embedding.length; i++) {
        embedding[i] = (float) pooled[i];
      }
      return embedding;
    }

    @Override
    public void close() {
      batch.close();
      model.close();
    }
  }

  private NodeRival run(OnnxNode node, List<Tensor> inputs, long... resultShape) {
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      return new NodeRival(environment, environment.createSession(node.model(inputs, resultShape), options), inputs, resultShape);
    } catch (OrtException e) {
      throw new UnsupportedOperationException(name() + " does not take it: " + e.getMessage(), e);
    }
  }

  /** Inputs and the result lie in direct buffers that are read and written in place. */
  private static final class NodeRival implements Rival {
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    private final Map<String, OnnxTensor> results = new LinkedHashMap<>();
    private final FloatBuffer result;

    NodeRival(OrtEnvironment environment, OrtSession session, List<Tensor> tensors, long[] resultShape) throws OrtException {
      this.session = session;
      for (Tensor tensor : tensors) {
        FloatBuffer buffer = direct(tensor.data().length).put(tensor.data()).rewind();
        inputs.put(tensor.name(), OnnxTensor.createTensor(environment, buffer, tensor.shape()));
      }
      int size = 1;
      for (long dimension : resultShape) {
        size = Math.multiplyExact(size, Math.toIntExact(dimension));
      }
      result = direct(size);
      results.put(OnnxNode.RESULT, OnnxTensor.createTensor(environment, result, resultShape));
    }

    private static FloatBuffer direct(int elements) {
      return ByteBuffer.allocateDirect(Math.multiplyExact(elements, Float.BYTES)).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    @Override
    public void run() {
      try (OrtSession.Result given = session.run(inputs, results)) {
        if (given.size() != 1) {
          throw new IllegalStateException("ONNX Runtime gave " + given.size() + " results instead of 1");
        }
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public float[] result() {
      float[] copy = new float[result.capacity()];
      result.get(0, copy);
      return copy;
    }

    @Override
    public void close() {
      inputs.values().forEach(OnnxTensor::close);
      results.values().forEach(OnnxTensor::close);
      try {
        session.close();
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
