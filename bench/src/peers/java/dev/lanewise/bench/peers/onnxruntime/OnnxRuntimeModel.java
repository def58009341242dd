package dev.lanewise.bench.peers.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * all-MiniLM-L6-v2 in ONNX Runtime, on the ONNX file of the artifact, with all of its graph optimisations. Its inputs are those of its
 * users: token ids, the attention mask and segment 0, in rows of the same length that are padded with zeros.
 */
public final class OnnxRuntimeModel implements AutoCloseable {
  /** Width of a hidden state. */
  public static final int EMBED_DIM = 384;

  private static final String FILE = "/all-minilm-l6-v2.onnx";

  private static final int LAYERS = 6;
  private static final String LAST_HIDDEN_STATE = "output_0";

  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_OUTPUT = 12;
  private static final int OUTPUT_NAME = 1;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final List<String> outputs;

  private OnnxRuntimeModel(OrtEnvironment environment, OrtSession session, List<String> outputs) {
    this.environment = environment;
    this.session = session;
    this.outputs = outputs;
  }

  /**
   * Loads the model; its one result is the last layer's hidden state.
   *
   * @param threads threads that compute one batch
   * @throws IOException if the model is missing, or ONNX Runtime does not load on this platform or does not take the model
   */
  public static OnnxRuntimeModel load(int threads) throws IOException {
    return load(threads, List.of(LAST_HIDDEN_STATE));
  }

  /** As {@link #load}, with seven results: the embeddings, then the hidden state after each layer. For comparison, not for timing. */
  public static OnnxRuntimeModel loadWithLayers(int threads) throws IOException {
    Stream<String> inner = IntStream.range(0, LAYERS - 1).mapToObj(layer -> "/encoder/layer." + layer + "/output/LayerNorm/Add_1_output_0");
    return load(
        threads,
        Stream.of(Stream.of("/embeddings/LayerNorm/Add_1_output_0"), inner, Stream.of(LAST_HIDDEN_STATE)).flatMap(x -> x).toList());
  }

  private static OnnxRuntimeModel load(int threads, List<String> outputs) throws IOException {
    ByteArrayOutputStream model = new ByteArrayOutputStream();
    try (InputStream onnx = OnnxRuntimeModel.class.getResourceAsStream(FILE)) {
      if (onnx == null) {
        throw new IOException(FILE + " is not on the class path");
      }
      onnx.transferTo(model);
    }
    addOutputs(model, outputs.subList(0, outputs.size() - 1));
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (SessionOptions options = OnnxCall.options(threads)) {
      options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
      return new OnnxRuntimeModel(environment, environment.createSession(model.toByteArray(), options), outputs);
    } catch (OrtException e) {
      throw new IOException("ONNX Runtime does not take the model: " + e.getMessage(), e);
    }
  }

  /** Adds outputs to a model. Readers of protobuf merge a part that a message has twice, so a second graph with outputs alone is enough. */
  private static void addOutputs(ByteArrayOutputStream model, List<String> names) throws IOException {
    byte[] graph =
        OnnxNode.message(
            out -> {
              for (String name : names) {
                out.writeByteArray(GRAPH_OUTPUT, OnnxNode.message(output -> output.writeString(OUTPUT_NAME, name)));
              }
            });
    model.write(OnnxNode.message(out -> out.writeByteArray(MODEL_GRAPH, graph)));
  }

  /** ONNX Runtime's version. */
  public String version() {
    return environment.getVersion();
  }

  /**
   * Prepares texts, to be computed any number of times.
   *
   * @param texts the token ids of each text, of any lengths above 0
   */
  public OnnxRuntimeBatch batch(List<int[]> texts) {
    return OnnxRuntimeBatch.of(session, outputs, texts);
  }

  /**
   * The last layer's hidden states of some texts, computed as one padded batch.
   *
   * @return for each text tokens × {@link #EMBED_DIM}, without padding
   */
  public List<float[]> lastHiddenStates(List<int[]> texts) {
    try (OnnxRuntimeBatch batch = batch(texts)) {
      batch.run();
      return IntStream.range(0, texts.size()).mapToObj(text -> batch.hiddenState(outputs.size() - 1, text)).toList();
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
