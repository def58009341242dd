package dev.lanewise.text.causal;

import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.runtime.Checks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * A decoder-only language model from a published checkpoint: a folder with {@code config.json} and safetensors, one file or shards. The
 * families are Llama 2 and 3, Mistral, Qwen 2 and 3, Gemma 2 and GPT-2, recognised by {@code model_type}.
 *
 * <p>Nothing is guessed. A key of the config that may change the numbers and is not understood is an error that names the key and its
 * value. A tensor that is missing, extra or of another shape than the config says is an error, too.
 *
 * <p>Immutable and thread-safe. The model keeps copies of the weights, so the files may change or disappear after loading.
 */
public final class CausalModel {
  private final String family;
  private final int maxPositions;
  private final int vocabulary;
  private final int[] stopIds;
  private final OptionalInt bosId;

  private CausalModel(Architecture model, int[] stopIds, OptionalInt bosId) {
    this.family = model.family().type();
    this.maxPositions = model.maxPositions();
    this.vocabulary = model.sizes().vocabulary();
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
    return vocabulary;
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
     * Loads the model.
     *
     * @throws IOException if a file is missing or wrong in any way, a key of the config is not understood, or config and tensors differ
     */
    public CausalModel build() throws IOException {
      Path file = folder.resolve("config.json");
      if (!Files.exists(file)) {
        throw new IOException(folder + " has no config.json");
      }
      Config config = Config.read(file);
      Architecture model = Architecture.read(config);
      try (Safetensors stored = Safetensors.openAll(folder)) {
        CausalTensors tensors = new CausalTensors(stored, model);
        tensors.check(config);
        int[] bos = config.ids("bos_token_id");
        return new CausalModel(model, stopIds(config), bos.length == 1 ? OptionalInt.of(bos[0]) : OptionalInt.empty());
      } catch (IllegalArgumentException e) {
        throw new IOException(folder + ": " + e.getMessage(), e);
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
