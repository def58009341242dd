package dev.lanewise.bench.cli.embed;

import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Weights of MiniLM in a safetensors file, such as {@code export} and {@code finetune} write. */
public final class ModelFile {
  /** What the option that takes such a file says. */
  public static final String DESCRIPTION =
      "Weights to use, a safetensors file as export and finetune write it (default: those of all-MiniLM-L6-v2).";

  private ModelFile() {}

  /** Why a file cannot be read, to follow its name in a message; empty if it can, or if there is none. */
  public static Optional<String> obstacle(@Nullable Path file) {
    return file == null || Files.isRegularFile(file) ? Optional.empty() : Optional.of(Files.exists(file) ? " is no file" : " is not there");
  }

  /**
   * Loads the model of a file.
   *
   * @param otherwise loads the model if there is no file
   * @throws IOException if the file cannot be read or does not hold this model; the message names it
   */
  static MiniLm load(@Nullable Path file, ModelSource otherwise) throws IOException {
    return file == null ? otherwise.load() : model(file);
  }

  private static MiniLm model(Path file) throws IOException {
    try (Safetensors tensors = Safetensors.open(file)) {
      return checked(tensors);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * The model of these tensors.
   *
   * @throws IllegalArgumentException if they are not those of this model
   */
  public static MiniLm checked(NamedTensors tensors) throws IOException {
    MiniLm model = MiniLm.of(tensors);
    if (model.encoder().embedDim() != MiniLm.EMBED_DIM) {
      throw new IllegalArgumentException("the width of a row is " + model.encoder().embedDim() + ", must be " + MiniLm.EMBED_DIM);
    }
    return model;
  }
}
