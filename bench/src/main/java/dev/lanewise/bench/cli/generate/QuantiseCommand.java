package dev.lanewise.bench.cli.generate;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.console.WeightNames;
import dev.lanewise.bench.cli.model.Checkpoints;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.text.causal.CausalModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes a checkpoint with weights of 8 or 4 bits. */
@Command(
    name = "quantise",
    description = "Writes a decoder-only language model with weights of 8 or 4 bits, which generate loads as any other.",
    footer = {
      "",
      "Example:",
      "  quantise --model my-llama --weights q8 --output my-llama-q8",
      "",
      "Embeddings, norms and biases stay as they are. With --force an existing folder is replaced, once the new one is complete, but only"
          + " if it holds the files of a checkpoint and nothing else."
    })
public final class QuantiseCommand extends BenchCommand {
  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      required = true,
      description = "Folder with config.json and safetensors, one file or shards, as published.")
  private Path model = Path.of("");

  @Option(
      names = "--weights",
      paramLabel = "FORMAT",
      required = true,
      description =
          "8 or 4 bits: q8 (a scale for 32), q8-row (a scale for each output), q4 (a scale for 32) or q4-zero (and a zero point).")
  private String weights = "";

  @Option(names = "--output", paramLabel = "FOLDER", required = true, description = "Folder to write.")
  private Path output = Path.of("");

  @Option(names = "--force", description = "Replace an existing checkpoint, once the new one is complete.")
  private boolean force;

  @Override
  public Integer call() throws IOException {
    WeightFormat format = format();
    requireUsable("--model " + model, Checkpoints.obstacle(model));
    requireUsable("--output " + output, Checkpoints.obstacle(output, force));
    if (Files.exists(output) && Files.isSameFile(model, output)) {
      throw rejected("--output " + output + " is the model");
    }
    long start = System.nanoTime();
    long before = Checkpoints.bytes(model);
    Checkpoints.write(output, folder -> quantise(folder, format));
    long after = Checkpoints.bytes(output);
    out()
        .println(
            String.format(
                Locale.ROOT,
                "%s: %,d bytes of weights in %s, %.1f %% of the %,d before, in %.1f s",
                output,
                after,
                weights,
                100.0 * after / before,
                before,
                (System.nanoTime() - start) * 1e-9));
    return 0;
  }

  private WeightFormat format() {
    WeightFormat format;
    try {
      format = WeightNames.format("--weights", weights);
    } catch (IllegalArgumentException e) {
      throw rejected(e.getMessage());
    }
    if (!format.isInteger()) {
      throw rejected("--weights is " + weights + ", must be a format of 8 or 4 bits");
    }
    return format;
  }

  private void quantise(Path folder, WeightFormat format) throws IOException {
    CausalModel.quantise(model, folder, format);
  }
}
