package dev.lanewise.bench.cli.embed;

import dev.lanewise.bench.cli.console.BenchCommand;
import dev.lanewise.bench.cli.files.OutputFile;
import dev.lanewise.bench.cli.files.OutputFile.Replacement;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.MiniLmArtifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the model's weights as a safetensors file, which opens fast and which other programs read. */
@Command(
    name = "export",
    description =
        "Writes the weights of all-MiniLM-L6-v2 as a safetensors file, in fp32 and under the tensor names of the published checkpoint.")
public final class ExportCommand extends BenchCommand {
  @Parameters(paramLabel = "FILE", description = "Where to write, such as model.safetensors.")
  private Path file = Path.of("");

  @Option(names = "--force", description = "Replace an existing file, once the new one is complete.")
  private boolean force;

  @Override
  public Integer call() throws IOException {
    requireUsable(file, OutputFile.obstacle(file, force));
    NamedTensors weights = MiniLmArtifact.weights();
    try (Replacement replacement = OutputFile.replace(file)) {
      // Readers in Python require this entry.
      Safetensors.write(replacement.path(), weights, Map.of("format", "pt"), Safetensors.Dtype.F32);
      long bytes = Files.size(replacement.path());
      replacement.commit();
      if (!OutputFile.isStandardOutput(file)) {
        out().println(summary(weights, bytes));
      }
    }
    return 0;
  }

  private String summary(NamedTensors weights, long bytes) {
    long numbers = weights.names().stream().mapToLong(name -> Arrays.stream(weights.shape(name)).reduce(1, (x, y) -> x * y)).sum();
    return String.format(Locale.ROOT, "%s: %d tensors, %,d numbers in fp32, %,d bytes", file, weights.names().size(), numbers, bytes);
  }
}
