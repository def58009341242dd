package dev.lanewise.text.model;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.bert.BertEncoder;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * An encoder of the BERT family as its files describe it: the encoder, its tokenizer, its heads, and how it is meant to be used. The
 * families are BERT, RoBERTa (also XLM-RoBERTa) and DistilBERT.
 *
 * <pre>{@code
 * EncoderModel model = EncoderModel.load(ModelFiles.onClassPath("all-minilm-l6-v2")); // or a folder, an .onnx file, an artifact's .jar
 * int[] ids = model.tokenizer().encode("The law will never be perfect.").ids();
 * SequenceBatch rows = SequenceBatch.zeros(1, ids.length, model.encoder().embedDim());
 * model.encoder().forward(ids, PackedSequences.of(0, ids.length), rows); // a row for each token
 * }</pre>
 *
 * <p>Nothing that changes the numbers is guessed. Heads, epsilon and activation come from {@code config.json} or the graph of the ONNX
 * file, and where neither says one, the {@link #builder} must be told. A key of a config that may change the numbers and is not understood
 * is an error that names the key and its value. Sizes of the config and shapes of tensors are compared.
 *
 * <p>Immutable and thread-safe. The model keeps copies of the weights, so the files may change or disappear after loading.
 */
public final class EncoderModel {
  private final String name;
  private final Loading.Parts parts;

  private EncoderModel(String name, Loading.Parts parts) {
    this.name = name;
    this.parts = parts;
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
    return Loading.withTensors(files, (tensors, graph) -> graph == null ? ModelExport.copied(tensors) : tensors);
  }

  /**
   * Writes a model as a folder that {@link #load(Path)} reads fast: {@code config.json}, {@code tokenizer.json}, {@code model.safetensors}
   * in fp32, and the files of sentence-transformers that say how the model is used.
   *
   * <pre>{@code
   * EncoderModel.export(ModelFiles.onClassPath("all-minilm-l6-v2"), Path.of("all-minilm-l6-v2"));
   * }</pre>
   *
   * @param folder created if it does not exist; its files of the same names are replaced
   * @return folder
   * @throws IOException if the model cannot be loaded, or writing fails, or the folder has another model's file of a name that this model
   *     does not have, such as {@code modules.json}; nothing has been written then
   */
  public static Path export(ModelFiles files, Path folder) throws IOException {
    return ModelExport.write(files, Objects.requireNonNull(folder, "folder"));
  }

  /** The name of the model, see {@link ModelFiles#name}. */
  public String name() {
    return name;
  }

  /** The encoder: token ids in, a row for each token out. */
  public BertEncoder encoder() {
    return parts.encoder();
  }

  /** The tokenizer, which accepts texts of any length: a truncation that its file names is switched off. */
  public Tokenizer tokenizer() {
    return parts.tokenizer();
  }

  /** The pooler; empty if the files have none. */
  public Optional<Pooler> pooler() {
    return parts.pooler();
  }

  /** The classifier, which scores pairs of texts in a cross-encoder; empty if the files have none. */
  public Optional<Classifier> classifier() {
    return parts.classifier();
  }

  /** How the rows of a text become one vector; empty if the files do not say it. */
  public Optional<TextPooling> pooling() {
    return parts.usage().pooling();
  }

  /** Whether vectors of texts are divided by their length. */
  public boolean normalised() {
    return parts.usage().normalised();
  }

  /** Maximum number of tokens of a text, including those of the template. */
  public int maxTokens() {
    return parts.usage().maxTokens();
  }

  /** The text before each text, such as {@code query: }; empty if there is none. */
  public String prefix() {
    return parts.usage().prefix();
  }

  /** All prefixes that the files name, by the name of their task, such as {@code passage}. */
  public Map<String, String> prompts() {
    return parts.usage().prompts();
  }

  /** Whether a text becomes lower case before it is divided into tokens. The tokenizer does not do that. */
  public boolean lowercase() {
    return parts.usage().lowercase();
  }

  /** Returns a copy with this number of threads for each call, including the caller's. */
  public EncoderModel withThreads(int threads) {
    return with(
        parts.encoder().withThreads(threads),
        parts.pooler().map(head -> head.withThreads(threads)),
        parts.classifier().map(head -> head.withThreads(threads)));
  }

  /** Returns a copy with these kernels, for instance {@link Kernels#scalar()} to compare. */
  public EncoderModel withKernels(Kernels kernels) {
    return with(
        parts.encoder().withKernels(kernels),
        parts.pooler().map(head -> head.withKernels(kernels)),
        parts.classifier().map(head -> head.withKernels(kernels)));
  }

  private EncoderModel with(BertEncoder encoder, Optional<Pooler> pooler, Optional<Classifier> classifier) {
    return new EncoderModel(name, new Loading.Parts(encoder, parts.tokenizer(), pooler, classifier, parts.usage(), parts.settings()));
  }

  /** Settings of a model that is loaded; not thread-safe. Each is needed only where the files do not say it. */
  public static final class Builder {
    private final ModelFiles files;
    private final Settings.Told told = new Settings.Told();

    private Builder(ModelFiles files) {
      this.files = Objects.requireNonNull(files, "files");
    }

    /** Tells the number of heads of each layer: {@code num_attention_heads}. */
    public Builder numHeads(int numHeads) {
      Checks.atLeast("numHeads", numHeads, 1);
      told.numHeads = numHeads;
      return this;
    }

    /** Tells the addend to the variance in norms: {@code layer_norm_eps}, 1e-12 in BERT, 1e-5 in RoBERTa. */
    public Builder epsilon(float epsilon) {
      Checks.epsilon(epsilon);
      told.epsilon = epsilon;
      return this;
    }

    /** Tells the activation of feed-forward networks: {@code hidden_act}. */
    public Builder activation(Activation activation) {
      told.activation = Objects.requireNonNull(activation, "activation");
      return this;
    }

    /** Tells the row of the position table for the first token: 0 in BERT, 2 in RoBERTa. */
    public Builder firstPosition(int firstPosition) {
      Checks.atLeast("firstPosition", firstPosition, 0);
      told.firstPosition = firstPosition;
      return this;
    }

    /**
     * Loads the model.
     *
     * @throws IOException if a file is missing or wrong in any way, two files contradict each other, or neither the files nor this builder
     *     say a setting
     * @throws IllegalArgumentException if this builder was told something else than the files say
     */
    public EncoderModel build() throws IOException {
      return new EncoderModel(files.name(), new Loading(files, told).load());
    }
  }
}
