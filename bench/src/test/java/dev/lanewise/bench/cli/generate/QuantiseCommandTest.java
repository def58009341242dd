package dev.lanewise.bench.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.core.generation.Generator;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.text.causal.CausalModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantiseCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  private Path model = Path.of("");

  @BeforeEach
  void write() throws IOException {
    model = TinyLlama.write(folder.resolve("tiny"));
  }

  private int run(String arguments) {
    String[] words = Stream.of(arguments.split(" ")).map(word -> word.replace("FOLDER", folder.toString())).toArray(String[]::new);
    err.getBuffer().setLength(0);
    return Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(words);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static int[] tokens(CausalModel model) {
    return Generator.of(model.model()).withMaxTokens(20).generate(List.of(new int[] {1, 15, 7})).getFirst().tokens();
  }

  @ParameterizedTest
  @CsvSource({"q8, INT8_BLOCK", "q8-row, INT8", "q4, INT4", "q4-zero, INT4_ZERO"})
  void theNewFolderIsTheModelWithNarrowWeights(String name, WeightFormat format) throws IOException {
    assertThat(run("quantise --model FOLDER/tiny --weights " + name + " --output FOLDER/small")).as(err.toString()).isZero();
    long before = Files.size(model.resolve("model.safetensors"));
    long after = Files.size(folder.resolve("small").resolve("model.safetensors"));
    assertThat(after).isLessThan(before * 7 / 10);
    assertThat(out.toString().strip())
        .startsWith(folder.resolve("small") + ": ")
        .contains(String.format("%,d bytes of weights in %s", after, name))
        .contains(String.format("of the %,d before", before));
    assertThat(tokens(CausalModel.load(folder.resolve("small")))).isEqualTo(tokens(CausalModel.builder(model).format(format).build()));
    assertThat(names()).containsExactly("small", "tiny");
  }

  @Test
  void anExistingFolderIsReplacedOnlyByForceAndOnlyIfItIsACheckpoint() throws IOException {
    Path small = TinyLlama.write(folder.resolve("small"));
    Path precious = Files.writeString(folder.resolve("small").resolve("precious.txt"), "x");
    assertThat(run("quantise --model FOLDER/tiny --weights q8 --output FOLDER/small")).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().endsWith("small is there already; --force replaces it");
    assertThat(precious).hasContent("x");
    assertThat(run("quantise --model FOLDER/tiny --weights q8 --output FOLDER/small --force")).as(err.toString()).isZero();
    assertThat(precious).doesNotExist();
    assertThat(Files.readString(small.resolve("config.json"))).contains("INT8_BLOCK");
    assertThat(names()).containsExactly("small", "tiny");

    Path other = Files.createDirectories(folder.resolve("other").resolve("inner"));
    assertThat(run("quantise --model FOLDER/tiny --weights q8 --output FOLDER/other --force")).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().contains("is no folder of a checkpoint and nothing else");
    assertThat(other).isDirectory();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model FOLDER/tiny --weights q8|'--output=FOLDER'",
        "--model FOLDER/tiny --output FOLDER/a|'--weights=FORMAT'",
        "--model FOLDER/tiny --weights f16 --output FOLDER/a|--weights is f16, must be a format of 8 or 4 bits",
        "--model FOLDER/tiny --weights q3 --output FOLDER/a|--weights is q3, must be one of",
        "--model FOLDER/none --weights q8 --output FOLDER/a|none is not there",
        "--model FOLDER/tiny --weights q8 --output FOLDER/a/b|cannot be written: there is no folder",
        "--model FOLDER/tiny --weights q8 --output FOLDER/tiny --force|is the model",
      })
  void aWrongOptionIsOneLineAndExitCode2(String options, String message) throws IOException {
    assertThat(run("quantise " + options)).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench quantise: ").contains(message);
    assertThat(out.toString()).isEmpty();
    assertThat(names()).containsExactly("tiny");
  }

  @Test
  void aFolderThatCannotBeLoadedLeavesNothingBehind() throws IOException {
    Files.writeString(model.resolve("config.json"), "{}");
    assertThat(run("quantise --model FOLDER/tiny --weights q8 --output FOLDER/small")).isEqualTo(1);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench quantise: ").contains("model_type");
    assertThat(names()).containsExactly("tiny");
  }
}
