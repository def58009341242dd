package dev.lanewise.bench.cli.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.testing.TinyBert;
import dev.lanewise.core.weights.Safetensors;
import dev.lanewise.text.LongTexts;
import dev.lanewise.text.TextEncoder;
import dev.lanewise.text.model.EncoderModel;
import dev.lanewise.text.model.ModelFiles;
import dev.lanewise.text.model.TextPooling;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which models commands accept, and what the options make of them. */
class ModelOptionsTest {
  private static final List<String> TEXTS =
      List.of("the law is just.", "it rained, it rained, it rained, it rained, it rained, it rained, it rained, it rained", "公正");

  @TempDir private static Path models;

  @TempDir private Path folder;
  private Path input = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void writeModels() throws IOException {
    TinyBert.write(models.resolve("tiny"));
    TinyBert.write(models.resolve("silent"), 3);
  }

  @BeforeEach
  void writeTexts() throws IOException {
    input = Files.writeString(folder.resolve("texts.txt"), String.join("\n", TEXTS));
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.commandLine(arguments).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(arguments);
  }

  /** The vectors that embed writes. */
  private float[][] embedded(int width, String... options) throws IOException {
    Path file = folder.resolve("vectors.safetensors");
    String[] start = {"embed", input.toString(), "--force", "--output", file.toString()};
    assertThat(run(Stream.concat(Stream.of(start), Stream.of(options)).toArray(String[]::new))).as(err.toString()).isZero();
    float[][] vectors = new float[TEXTS.size()][width];
    try (Safetensors read = Safetensors.open(file)) {
      float[] all = read.floats("embeddings", vectors.length, width);
      for (int i = 0; i < vectors.length; i++) {
        System.arraycopy(all, i * width, vectors[i], 0, width);
      }
    }
    return vectors;
  }

  static Stream<Arguments> options() {
    return Stream.of(
        of("", encoder -> encoder),
        of("--pooling first-token", encoder -> encoder.withPooling(TextPooling.FIRST_TOKEN)),
        of("--pooling last-token", encoder -> encoder.withPooling(TextPooling.LAST_TOKEN)),
        of("--prefix query:", encoder -> encoder.withPrefix("query:")),
        of("--max-tokens 7", encoder -> encoder.withMaxTokens(7)),
        of("--max-tokens 7 --long-texts windows:2", encoder -> encoder.withMaxTokens(7).withLongTexts(LongTexts.windows(2))),
        of("--max-tokens 40 --threads 2", encoder -> encoder.withMaxTokens(40)),
        of("--dimensions 5", encoder -> encoder.withDimensions(5)));
  }

  private static Arguments of(String options, UnaryOperator<TextEncoder> same) {
    return Arguments.of(options, same);
  }

  @ParameterizedTest
  @MethodSource("options")
  void optionsAreThoseOfTheLibrary(String options, UnaryOperator<TextEncoder> same) throws IOException {
    Path tiny = models.resolve("tiny");
    TextEncoder encoder = same.apply(TextEncoder.load(tiny));
    String[] given = ("--model " + tiny + " " + options).strip().split(" ");
    assertThat(embedded(encoder.dimensions(), given)).isEqualTo(encoder.embed(TEXTS));
    if (!options.isEmpty() && !options.contains("--threads")) {
      assertThat(encoder.embed(TEXTS)).isNotEqualTo(TextEncoder.load(tiny).embed(TEXTS));
    }
  }

  @Test
  void aModelThatDoesNotSayHowItPoolsMustBeTold() throws IOException {
    Path silent = models.resolve("silent");
    assertThat(run("embed", input.toString(), "--model", silent.toString())).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().contains("--pooling is needed: the files of", "silent");
    TextEncoder encoder = TextEncoder.of(EncoderModel.load(silent), TextPooling.MEAN);
    assertThat(embedded(TinyBert.WIDTH, "--model", silent.toString(), "--pooling", "mean")).isEqualTo(encoder.embed(TEXTS));
  }

  /** The artifact as it lies in a local repository, its graph with the tokenizer beside it, and an exported folder are one model. */
  @Test
  void anArtifactAGraphAndAFolderAreTheSameModel() throws IOException, URISyntaxException {
    URL graph = Objects.requireNonNull(getClass().getResource("/all-minilm-l6-v2.onnx"));
    Path onnx = folder.resolve("model.onnx");
    copy("/all-minilm-l6-v2.onnx", onnx);
    copy("/all-minilm-l6-v2-tokenizer.json", folder.resolve("tokenizer.json"));
    float[][] expected = TextEncoder.load(ModelFiles.onClassPath(ModelOptions.DEFAULT)).embed(TEXTS);
    assertThat(embedded(384)).isEqualTo(expected);
    String text = graph.toString();
    if (text.startsWith("jar:file:")) {
      Path jar = Path.of(new URI(text.substring("jar:".length(), text.indexOf('!'))));
      assertThat(embedded(384, "--model", jar.toString())).isEqualTo(expected);
    }
    assertThat(embedded(384, "--model", onnx.toString(), "--pooling", "mean", "--max-tokens", "256")).hasDimensions(3, 384);
    Path exported = folder.resolve("exported");
    assertThat(run("export", exported.toString())).as(err.toString()).isZero();
    assertThat(out.toString()).startsWith(exported + ": take it with --model");
    assertThat(embedded(384, "--model", exported.toString())).isEqualTo(expected);
  }

  private void copy(String resource, Path to) throws IOException {
    try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream(resource))) {
      Files.copy(in, to);
    }
  }

  @Test
  void anExportedFolderIsReplacedByForceAlone() throws IOException {
    String tiny = models.resolve("tiny").toString();
    Path exported = folder.resolve("exported");
    assertThat(run("export", exported.toString(), "--model", tiny)).as(err.toString()).isZero();
    assertThat(exported.resolve("1_Pooling")).isDirectory();
    assertThat(run("export", exported.toString(), "--model", tiny)).isEqualTo(2);
    assertThat(err.toString()).contains("is there already; --force replaces it");
    assertThat(run("export", exported.toString(), "--model", tiny, "--force")).as(err.toString()).isZero();
    assertThat(TextEncoder.load(exported).embed(TEXTS)).isEqualTo(TextEncoder.load(models.resolve("tiny")).embed(TEXTS));
    Files.writeString(exported.resolve("1_Pooling").resolve("mine.txt"), "precious");
    assertThat(run("export", exported.toString(), "--model", tiny, "--force")).isEqualTo(2);
    assertThat(err.toString()).contains("is no folder of a checkpoint and nothing else");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model nowhere|--model nowhere is not there",
        "--model TEXTS|must be a folder, or end with .onnx, .jar or .zip",
        "--model EMPTY|has no model.safetensors",
        "--pooling max|--pooling is max, must be mean, first-token or last-token",
        "--max-tokens 0|--max-tokens is 0, must be at least 1",
        "--max-tokens 2|--max-tokens is 2, must be at least 3",
        "--max-tokens 41|--max-tokens: maxTokens is 41",
        "--dimensions 0|--dimensions is 0, must be at least 1",
        "--dimensions 17|--dimensions: dimensions is 17",
        "--long-texts some|--long-texts is some, must be truncate, fail, windows or windows:N",
        "--long-texts windows:x|--long-texts is windows:x, must have a number of tokens, at least 0, after windows:",
      })
  void aWrongOptionIsOneLineAndExitCode2(String options, String message) throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    String given = options.replace("TEXTS", input.toString()).replace("EMPTY", empty.toString());
    if (!options.contains("--model")) {
      given += " --model " + models.resolve("tiny");
    }
    for (String command : List.of("embed " + input, "similar law " + input)) {
      assertThat(run((command + " " + given).split(" "))).as(given).isEqualTo(2);
      assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench ").contains(message);
      assertThat(out.toString()).isEmpty();
    }
  }

  @Test
  void aLongTextThatFailsIsNamed() {
    String tiny = models.resolve("tiny").toString();
    assertThat(run("embed", input.toString(), "--model", tiny, "--max-tokens", "9", "--long-texts", "fail")).isEqualTo(1);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .contains("line 2 of " + input + ": ", "but maxTokens is 9")
        .doesNotContain("texts[");
  }

  @Test
  void aDamagedModelIsOneLineAndExitCode1() throws IOException {
    Path damaged = TinyBert.write(folder.resolve("damaged"));
    Files.writeString(damaged.resolve("config.json"), "{\"model_type\":\"other\"}");
    for (String command : List.of("embed " + input, "similar law " + input, "explain law --output " + folder.resolve("page.html"))) {
      assertThat(run((command + " --model " + damaged).split(" "))).as(command).isEqualTo(1);
      assertThat(err.toString().lines()).singleElement().asString().contains("config.json");
    }
  }

  @ParameterizedTest
  @CsvSource({"embed", "similar", "rerank", "explain", "export", "generate", "quantise", "finetune"})
  void helpShowsExamplesAndTheModel(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString()).startsWith("Usage: lanewise-bench " + command).contains("--model", "Example");
  }
}
