package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.core.weights.NamedTensors;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ExportCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @Test
  void theFileHoldsTheSameBits() throws IOException {
    Path file = folder.resolve("model.safetensors");
    assertThat(execute("export", file.toString())).isZero();
    assertThat(out.toString().trim())
        .isEqualTo(file + ": 103 tensors, 22,713,216 numbers in fp32, " + String.format(Locale.ROOT, "%,d", Files.size(file)) + " bytes");
    NamedTensors expected = EncoderModel.weights(ModelFiles.onClassPath("all-minilm-l6-v2"));
    try (Safetensors read = Safetensors.open(file)) {
      assertThat(read.metadata()).isEqualTo(Map.of("format", "pt"));
      assertThat(read.names()).containsExactlyInAnyOrderElementsOf(expected.names());
      for (String name : expected.names()) {
        assertThat(read.shape(name)).as(name).isEqualTo(expected.shape(name));
        assertThat(Arrays.equals(read.floats(name), expected.floats(name))).as(name).isTrue();
      }
    }
    assertThat(folder).isDirectoryNotContaining(other -> !other.equals(file));
  }

  @Test
  void whatIsThereIsReplacedOnlyByForce() throws IOException {
    Path file = Files.writeString(folder.resolve("model.safetensors"), "precious");
    assertRejected("is there already; --force replaces it", "export", file.toString());
    assertThat(file).hasContent("precious");
    assertThat(execute("export", "--force", file.toString())).isZero();
    assertThat(Files.size(file)).isGreaterThan(90_000_000);
  }

  @Test
  void whereNothingCanBeWrittenIsSaid() throws IOException {
    assertRejected("is a folder, must be a file", "export", Files.createDirectory(folder.resolve("a.safetensors")).toString());
    assertRejected("is there already; --force replaces it", "export", folder.toString());
    assertRejected("is no folder of a checkpoint and nothing else", "export", "--force", folder.toString());
    assertRejected("there is no folder", "export", folder.resolve("no").resolve("model.safetensors").toString());
    assertRejected("Missing required parameter: 'OUTPUT'", "export");
    assertRejected("Unmatched argument", "export", folder.resolve("a").toString(), "b");
  }

  @Test
  void helpIsNoError() {
    assertThat(execute("export", "--help")).isZero();
    assertThat(out.toString()).startsWith("Usage: lanewise-bench export").contains("--force", "--model", "OUTPUT", "Examples:");
  }

  private void assertRejected(String message, String... args) {
    err.getBuffer().setLength(0);
    assertThat(execute(args)).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench export: ").contains(message);
    assertThat(out.toString()).isEmpty();
  }

  private int execute(String... args) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return commandLine.execute(args);
  }
}
