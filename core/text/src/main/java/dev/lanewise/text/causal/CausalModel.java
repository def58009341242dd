package dev.lanewise.text.causal;

import dev.lanewise.core.layer.LanguageModel;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.text.json.Config;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A decoder-only language model from a published checkpoint: a folder with {@code config.json} and safetensors, one file or shards. The
 * families are Llama 2 and 3, Mistral, Qwen 2 and 3, Gemma 2 and GPT-2, recognised by {@code model_type}.
 *
 * <pre>{@code
 * CausalModel llama = CausalModel.load(folder); // config.json, and model.safetensors or shards with their index
 * LanguageModel model = llama.model().withThreads(2);
 * SequenceBatch logits = SequenceBatch.zeros(1, 1, llama.vocabulary());
 * try (StackState state = model.stack().start(1, 512)) {
 *   model.forward(new int[] {1, 15, 7}, state, logits); // logits of the token after the last one
 * }
 * }</pre>
 *
 * <p>Nothing is guessed. A key of the config that may change the numbers and is not understood is an error that names the key and its
 * value. A tensor that is missing, extra or of another shape than the config says is an error, too.
 *
 * <p>Immutable and thread-safe. The model keeps copies of the weights, so the files may change or disappear after loading.
 */
public final class CausalModel {
  private final LanguageModel model;
  private final String family;
  private final int maxPositions;
  private final int[] stopIds;
  private final OptionalInt bosId;

  private CausalModel(LanguageModel model, Architecture read, int[] stopIds, OptionalInt bosId) {
    this.model = model;
    this.family = read.family().type();
    this.maxPositions = read.maxPositions();
    this.stopIds = stopIds;
    this.bosId = bosId;
  }

  /** Loads a checkpoint, on one thread and the fastest kernels of this JVM; see {@link Builder#build}. */
  public static CausalModel load(Path folder) throws IOException {
    return builder(folder).build();
  }

  /** Creates a builder of the model in a folder. */
  public static Builder builder(Path folder) {
    return new Builder(folder);
  }

  /**
   * Writes the checkpoint of a folder to another one, with codes of an integer format in place of the weights of linear maps. Embeddings,
   * also those that are the head, norms and biases stay as they are. Loading the new folder gives the bits of {@link Builder#format} with
   * this format. The weights are in one file, {@code model.safetensors}, as {@link NamedTensors#linear} documents them; {@code config.json}
   * gets a {@code quantization_config} with this format; the files of the tokenizer are copied.
   *
   * <pre>{@code
   * CausalModel.quantise(folder, smaller, WeightFormat.INT8_BLOCK);
   * CausalModel llama = CausalModel.load(smaller);
   * }</pre>
   *
   * @param source a folder as for {@link #load}, with weights of floats
   * @param target another folder, created if it does not exist; its files of the same names are replaced
   * @return target
   * @throws IllegalArgumentException if the format is one of floats
   * @throws IOException if the source cannot be loaded, or writing fails
   */
  public static Path quantise(Path source, Path target, WeightFormat format) throws IOException {
    Objects.requireNonNull(target, "target");
    if (!Objects.requireNonNull(format, "format").isInteger()) {
      throw new IllegalArgumentException("format is " + format + ", must be an integer format");
    }
    return new Builder(source).read((config, read, tensors) -> Quantised.write(source, read, tensors, target, format));
  }

  /** The model. */
  public LanguageModel model() {
    return model;
  }

  /** The family: the value of {@code model_type}, such as {@code llama}. */
  public String family() {
    return family;
  }

  /** Number of positions that the model was trained for: a prompt and the tokens after it should not be longer. */
  public int maxPositions() {
    return maxPositions;
  }

  /** Number of tokens, whose ids are 0 to vocabulary − 1. */
  public int vocabulary() {
    return model.vocabulary();
  }

  /**
   * The tokens that end a text: {@code eos_token_id} of {@code generation_config.json} if it has them, otherwise of {@code config.json}.
   * Empty if there are none.
   */
  public int[] stopIds() {
    return stopIds.clone();
  }

  /** The token before a text: {@code bos_token_id}; empty if there is none. */
  public OptionalInt bosId() {
    return bosId;
  }

  /** Settings of a model that is loaded; not thread-safe. */
  public static final class Builder {
    private final Path folder;
    private int threads = 1;
    private Kernels kernels = Kernels.selected();
    private @Nullable WeightFormat format;

    private Builder(Path folder) {
      this.folder = Objects.requireNonNull(folder, "folder");
    }

    /** Sets the number of threads for each call of the model, including the caller's; 1 unless it is set. */
    public Builder threads(int newThreads) {
      Checks.atLeast("threads", newThreads, 1);
      this.threads = newThreads;
      return this;
    }

    /** Sets the kernels; the fastest of this JVM unless they are set. */
    public Builder kernels(Kernels newKernels) {
      this.kernels = Objects.requireNonNull(newKernels, "kernels");
      return this;
    }

    /**
     * Sets the format of the linear maps' weights. Embeddings, also those that are the head, keep the format of the file. Unless it is set,
     * all weights keep the format of the file: F16 and BF16, integer codes as {@link CausalModel#quantise} writes them, and otherwise F32.
     */
    public Builder format(WeightFormat newFormat) {
      this.format = Objects.requireNonNull(newFormat, "format");
      return this;
    }

    /**
     * Loads the model.
     *
     * @throws IOException if a file is missing or wrong in any way, a key of the config is not understood, or config and tensors differ
     */
    public CausalModel build() throws IOException {
      return read(
          (config, read, tensors) -> {
            LanguageModel made = new Assembly(read, tensors, kernels, format).languageModel();
            int[] bos = config.ids("bos_token_id");
            OptionalInt bosId = bos.length == 1 ? OptionalInt.of(bos[0]) : OptionalInt.empty();
            return new CausalModel(made.withThreads(threads), read, stopIds(config), bosId);
          });
    }

    /** Makes something of a checkpoint. */
    private interface Use<T> {
      T make(Config config, Architecture read, CausalTensors tensors) throws IOException;
    }

    /** Opens and checks a checkpoint. */
    private <T> T read(Use<T> use) throws IOException {
      Path file = folder.resolve("config.json");
      if (!Files.exists(file)) {
        throw new IOException(folder + " has no config.json");
      }
      Config config = Config.read(file);
      Architecture read = Architecture.read(config);
      try (Safetensors stored = Safetensors.openAll(folder)) {
        CausalTensors tensors = new CausalTensors(stored, read);
        tensors.check(config);
        return use.make(config, read, tensors);
      } catch (IllegalArgumentException e) {
        throw new IOException(folder + ": " + e.getMessage(), e);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }

    private int[] stopIds(Config config) throws IOException {
      int[] ids = config.ids("eos_token_id");
      Path file = folder.resolve("generation_config.json");
      int[] others = Files.exists(file) ? Config.read(file).ids("eos_token_id") : ids;
      return others.length == 0 ? ids : others;
    }
  }
}
