package dev.lanewise.text.model;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.bert.BertWeights;
import dev.lanewise.text.onnx.OnnxWeights;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * An encoder of the BERT family as its files describe it: the encoder, its tokenizer, its heads, and how it is meant to be used.
 *
 * <pre>{@code
 * EncoderModel model = EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2"));
 * int[] ids = model.tokenizer().encode("The law will never be perfect.").ids();
 * model.encoder().forward(ids, PackedSequences.of(0, ids.length), rows); // 1 × tokens × embedDim
 * }</pre>
 *
 * <p>Immutable and thread-safe. The model keeps copies of the weights, so the files may change or disappear after loading.
 */
public final class EncoderModel {
  private final String name;
  private final BertEncoder encoder;
  private final Tokenizer tokenizer;
  private final Usage usage;

  /** How a model is meant to be used. */
  record Usage(Optional<TextPooling> pooling, boolean normalised, int maxTokens, String prefix, Map<String, String> prompts) {}

  private EncoderModel(String name, BertEncoder encoder, Tokenizer tokenizer, Usage usage) {
    this.name = name;
    this.encoder = encoder;
    this.tokenizer = tokenizer;
    this.usage = usage;
  }

  /** Loads the model of a folder, an ONNX file or an artifact, see {@link ModelFiles#of}. */
  public static EncoderModel load(Path path) throws IOException {
    return load(ModelFiles.of(path));
  }

  /** Loads a model, on one thread and the fastest kernels of this JVM; see {@link Builder#build}. */
  public static EncoderModel load(ModelFiles files) throws IOException {
    return builder(files).build();
  }

  /** Creates a builder, for models whose files do not say everything. */
  public static Builder builder(ModelFiles files) {
    return new Builder(files);
  }

  /**
   * Reads all weights into memory, with matrices as outputs × inputs, under the names of the published checkpoint, such as {@code
   * encoder.layer.0.attention.self.query.weight}.
   *
   * @throws IOException if a file is missing or damaged
   */
  public static NamedTensors weights(ModelFiles files) throws IOException {
    Path folder = files.tensors();
    if (folder == null) {
      try (InputStream onnx = files.openOnnx()) {
        return OnnxWeights.read(onnx);
      } catch (IOException e) {
        throw new IOException(files.onnxName() + ": " + e.getMessage(), e);
      }
    }
    try (Safetensors stored = Safetensors.openAll(folder)) {
      NamedTensors.Builder all = NamedTensors.builder();
      stored.names().forEach(name -> all.add(name, stored.floats(name), stored.shape(name)));
      return all.build();
    }
  }

  /** The name of the model, see {@link ModelFiles#name}. */
  public String name() {
    return name;
  }

  /** The encoder: token ids in, a row for each token out. */
  public BertEncoder encoder() {
    return encoder;
  }

  /** The tokenizer, which accepts texts of any length. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** How the rows of a text become one vector; empty if the files do not say it. */
  public Optional<TextPooling> pooling() {
    return usage.pooling;
  }

  /** Whether vectors of texts are divided by their length. */
  public boolean normalised() {
    return usage.normalised;
  }

  /** Maximum number of tokens of a text, including those of the template. */
  public int maxTokens() {
    return usage.maxTokens;
  }

  /** The text before each text, such as {@code query: }; empty if there is none. */
  public String prefix() {
    return usage.prefix;
  }

  /** All prefixes that the files name, by the name of their task, such as {@code passage}. */
  public Map<String, String> prompts() {
    return usage.prompts;
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public EncoderModel withThreads(int threads) {
    return new EncoderModel(name, encoder.withThreads(threads), tokenizer, usage);
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public EncoderModel withKernels(Kernels kernels) {
    return new EncoderModel(name, encoder.withKernels(kernels), tokenizer, usage);
  }

  /** Settings of a model that is loaded; not thread-safe. */
  public static final class Builder {
    private final ModelFiles files;

    private Builder(ModelFiles files) {
      this.files = Objects.requireNonNull(files, "files");
    }

    /**
     * Loads the model.
     *
     * @throws IOException if a file is missing or wrong in any way, or two files contradict each other
     */
    public EncoderModel build() throws IOException {
      BertEncoder encoder = BertWeights.of(weights(files), files.name().startsWith("bge-small-zh") ? 8 : 12).encoder();
      KnownModel known = KnownModel.of(files.name()).orElse(new KnownModel(TextPooling.MEAN, 512, Map.of(), null));
      String prompt = known.defaultPrompt();
      String prefix = prompt == null ? "" : Objects.requireNonNull(known.prompts().get(prompt));
      try (InputStream json = files.open("tokenizer.json")) {
        if (json == null) {
          throw new IOException(files + " has no tokenizer.json");
        }
        return new EncoderModel(
            files.name(),
            encoder,
            Tokenizer.read(json, files + ": tokenizer.json").withoutTruncation(),
            new Usage(Optional.of(known.pooling()), true, known.maxTokens(), prefix, known.prompts()));
      }
    }
  }
}
