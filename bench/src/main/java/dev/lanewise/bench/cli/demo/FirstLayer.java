package dev.lanewise.bench.cli.demo;

import dev.lanewise.bench.cli.explain.Tokens;
import dev.lanewise.bench.cli.model.ModelOptions;
import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.reference.layers.ReferenceLayers;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;

/** The embeddings of all-MiniLM-L6-v2 and the self-attention of its first layer, whose weights the demo shows and checks by itself. */
public final class FirstLayer {
  /** The name of the model. */
  static final String MODEL = "all-MiniLM-L6-v2";

  /** Width of the model: elements of a token's embedding. */
  public static final int EMBED_DIM = 384;

  /** Heads of each attention layer. */
  public static final int NUM_HEADS = 12;

  /** Width of a head. */
  public static final int HEAD_DIM = EMBED_DIM / NUM_HEADS;

  private final EncoderModel model;
  private final Projection query;
  private final Projection key;
  private final Projection value;
  private final Projection output;

  private FirstLayer(EncoderModel model, NamedTensors weights) {
    this.model = model;
    NamedTensors attention = weights.under("encoder.layer.0.attention.");
    query = projection(attention.under("self.query."));
    key = projection(attention.under("self.key."));
    value = projection(attention.under("self.value."));
    output = projection(attention.under("output.dense."));
  }

  /**
   * Reads the weights from the class path.
   *
   * @throws IOException if the model is missing or holds something else than expected
   */
  public static FirstLayer load() throws IOException {
    ModelFiles files = ModelFiles.onClassPath(ModelOptions.DEFAULT);
    return new FirstLayer(EncoderModel.load(files), EncoderModel.weights(files));
  }

  /** The whole model, with its tokenizer. */
  public EncoderModel model() {
    return model;
  }

  /** The encoder of the whole model. */
  public BertEncoder encoder() {
    return model.encoder();
  }

  /** The input of the first layer, 1 × tokens × {@link #EMBED_DIM}. */
  public SequenceBatch embed(Tokens tokens) {
    SequenceBatch x = SequenceBatch.zeros(1, tokens.length(), EMBED_DIM);
    model.encoder().embed(tokens.ids(), null, PackedSequences.of(0, tokens.length()), x);
    return x;
  }

  /** The first layer's self-attention, its output projection included (without the residual and the norm that follow). */
  public MultiHeadAttention attention(Kernels kernels) {
    return MultiHeadAttention.builder(EMBED_DIM, NUM_HEADS)
        .query(query.weight(), query.bias())
        .key(key.weight(), key.bias())
        .value(value.weight(), value.bias())
        .output(output.weight(), output.bias())
        .build()
        .withKernels(kernels);
  }

  /** The output of {@link #attention} for one sequence with every sum in double, row after row. */
  double[] reference(SequenceBatch x) {
    ReferenceLayers layers = ReferenceLayers.inDouble();
    double[][] rows = ReferenceLayers.rows(x, 0);
    double[][] attended =
        layers.attention(project(query, rows), project(key, rows), project(value, rows), NUM_HEADS, NUM_HEADS, Attention.standard());
    return ReferenceLayers.flat(project(output, attended));
  }

  private static double[][] project(Projection projection, double[][] rows) {
    return ReferenceLayers.inDouble().linear(rows, projection.weight, projection.bias);
  }

  /**
   * A matrix and its bias.
   *
   * @param weight outputs × inputs, as PyTorch's {@code nn.Linear} and {@link MultiHeadAttention} have it
   * @param bias outputs elements
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Projection(float[] weight, float[] bias) {}

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

  private static Projection projection(NamedTensors part) {
    return new Projection(part.floats("weight", EMBED_DIM, EMBED_DIM), part.floats("bias", EMBED_DIM));
  }
}
