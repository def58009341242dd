package dev.lanewise.bench.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.core.generation.Generator;
import dev.lanewise.core.generation.Sampling;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.text.causal.CausalModel;
import dev.lanewise.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GenerateCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  private Path model = Path.of("");

  @BeforeEach
  void write() throws IOException {
    model = TinyLlama.write(folder.resolve("tiny"));
  }

  private int run(Writer to, String arguments) {
    String[] words = Stream.of(arguments.split(" ")).map(word -> word.equals("MODEL") ? model.toString() : word).toArray(String[]::new);
    return Main.commandLine().setOut(new PrintWriter(to)).setErr(new PrintWriter(err, true)).execute(words);
  }

  /** What a run prints, without the end of the line. */
  private String printed(String options) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    assertThat(run(out, "generate --model MODEL --ids 1,15,7 " + options)).as(err.toString()).isZero();
    assertThat(out.toString()).endsWith(System.lineSeparator());
    return out.toString().strip();
  }

  private String expected(Generator generator) {
    return Arrays.stream(generator.generate(List.of(new int[] {1, 15, 7})).getFirst().tokens())
        .mapToObj(String::valueOf)
        .collect(Collectors.joining(","));
  }

  private Generator generator() throws IOException {
    return Generator.of(CausalModel.load(model).model()).withStopIds(98).withMaxTokens(40);
  }

  @Test
  void printsTheTokensOfTheLibraryAndNothingElse() throws IOException {
    String ids = expected(generator());
    assertThat(ids.split(",")).hasSizeBetween(5, 40);
    assertThat(printed("--max-tokens 40")).isEqualTo(ids);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("llama: loaded in ").contains("3 tokens read");
    assertThat(printed("--max-tokens 40 --threads 2")).isEqualTo(ids);
    assertThat(printed("--max-tokens 40 --speculate 4")).isEqualTo(ids);
    assertThat(printed("--max-tokens 40 --weights f32")).isEqualTo(ids);
  }

  @Test
  void drawsWithTheSettingsOfTheLibrary() throws IOException {
    Sampling sampling = Sampling.random(5).withTemperature(1.5).withTopK(20).withTopP(0.9).withMinP(0.01).withRepetitionPenalty(1.3);
    String options = "--max-tokens 40 --temperature 1.5 --top-k 20 --top-p 0.9 --min-p 0.01 --repetition-penalty 1.3 --seed ";
    String ids = expected(generator().withSampling(sampling));
    assertThat(printed(options + 5)).isEqualTo(ids);
    assertThat(printed(options + 5)).isEqualTo(ids);
    assertThat(printed(options + 6)).isNotEqualTo(ids);
  }

  @Test
  void aStopIdEndsTheTextAndIsNotPrinted() throws IOException {
    List<String> ids = List.of(expected(generator()).split(","));
    String before = String.join(",", ids.subList(0, ids.indexOf(ids.get(3))));
    assertThat(printed("--max-tokens 40 --stop-ids 97," + ids.get(3))).isEqualTo(before);
    assertThat(err.toString()).contains("ended by stop id");
    assertThat(printed("--max-tokens 3 --stop-ids -1")).isEqualTo(String.join(",", ids.subList(0, 3)));
    assertThat(err.toString()).contains("3 generated").contains("ended by length");
  }

  /** The template puts [CLS] before the text and [SEP] behind it. */
  @Test
  void textGoesThroughTheTokenizerOfTheFolder() throws IOException {
    TinyLlama.writeTokenizer(model);
    Tokenizer tokenizer = Tokenizer.read(model.resolve("tokenizer.json"));
    int[] prompt = tokenizer.encode("the law").ids();
    assertThat(prompt).hasSize(4);
    int[] tokens = generator().withMaxTokens(12).generate(List.of(prompt)).getFirst().tokens();
    String expected = tokenizer.decode(tokens);
    assertThat(expected).isNotEmpty();
    Path file = Files.writeString(folder.resolve("prompt.txt"), "the law");
    for (String given : List.of("--text the_law", "--text-file " + file)) {
      out.getBuffer().setLength(0);
      String[] words = ("generate --model " + model + " --max-tokens 12 " + given).split(" ");
      words[words.length - 1] = words[words.length - 1].replace('_', ' ');
      assertThat(Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true)).execute(words))
          .as(err.toString())
          .isZero();
      assertThat(out.toString()).isEqualTo(expected + System.lineSeparator());
    }
    Files.writeString(model.resolve("tokenizer.json"), "{\"model\":{\"type\":\"Unheard\"}}");
    assertThat(run(out, "generate --model MODEL --text law")).isEqualTo(2);
    assertThat(err.toString()).contains("tokenizer.json").contains("Unheard");
  }

  @ParameterizedTest
  @CsvSource({"q8, INT8_BLOCK", "q8-row, INT8", "q4, INT4", "q4-zero, INT4_ZERO", "bf16, BF16"})
  void narrowWeightsAreThoseOfTheLibrary(String name, WeightFormat format) throws IOException {
    CausalModel narrow = CausalModel.builder(model).format(format).build();
    String ids = expected(Generator.of(narrow.model()).withStopIds(98).withMaxTokens(40));
    assertThat(printed("--max-tokens 40 --weights " + name)).isEqualTo(ids);
  }

  /** Each flush is seen by the reader of a pipe, also when Ctrl-C ends the program after it. */
  @Test
  void everyTokenIsFlushedAsItComes() {
    List<String> flushed = new ArrayList<>();
    Writer recorder =
        new StringWriter() {
          @Override
          public void flush() {
            flushed.add(toString());
          }
        };
    assertThat(run(recorder, "generate --model MODEL --ids 1,15,7 --max-tokens 5 --stop-ids -1")).isZero();
    assertThat(flushed.stream().distinct().map(text -> text.strip().split(",").length)).startsWith(1, 2, 3, 4, 5);
  }

  @Test
  void moreTokensThanPositionsAreToldButGenerated() {
    assertThat(printed("--max-tokens 300 --stop-ids -1").split(",")).hasSize(300);
    assertThat(err.toString()).startsWith("the prompt and --max-tokens are 303 tokens; the model knows 256");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--ids 1|'--model=FOLDER'",
        "--model MODEL|one of --ids, --text and --text-file is needed",
        "--model MODEL --ids 1 --text a|one of --ids, --text and --text-file is needed, not both",
        "--model MODEL --text a|--text needs a tokenizer.json beside the weights: only a vocabulary of 256 tokens is that of bytes; that of"
            + " this model is 99",
        "--model MODEL --ids 1,x|'x'",
        "--model MODEL --ids 1,99|--ids has 99, must be at least 0 and below the vocabulary of 99",
        "--model MODEL --ids -1|--ids has -1, must be at least 0",
        "--model MODEL --ids 1 --stop-ids 5,300|--stop-ids has 300, must be at least 0 and below the vocabulary of 99",
        "--model MODEL --ids 1 --max-tokens 0|--max-tokens is 0, must be at least 1",
        "--model MODEL --ids 1 --speculate -1|--speculate is -1, must be at least 0",
        "--model MODEL --ids 1 --threads 0|--threads is 0, must be at least 1",
        "--model MODEL --ids 1 --temperature -1|temperature is -1.0, must be at least 0 and finite",
        "--model MODEL --ids 1 --temperature 1 --top-k 0|topK is 0, must be at least 1",
        "--model MODEL --ids 1 --temperature 1 --top-p 0|topP is 0.0, must be above 0 and at most 1",
        "--model MODEL --ids 1 --temperature 1 --min-p 2|minP is 2.0, must be from 0 to 1",
        "--model MODEL --ids 1 --repetition-penalty 0|penalty is 0.0, must be above 0 and finite",
        "--model MODEL --ids 1 --top-k 5|--top-k needs --temperature above 0",
        "--model MODEL --ids 1 --seed 5|--seed needs --temperature above 0",
        "--model MODEL --ids 1 --weights q5|--weights is q5, must be one of f32, f16, bf16, q8-row, q8, q4, q4-zero",
        "--model nowhere --ids 1|--model nowhere is not there",
        "--model MODEL/config.json --ids 1|is a file, must be a folder",
      })
  void aWrongOptionIsOneLineAndExitCode2(String options, String message) {
    assertThat(run(out, "generate " + options.replace("MODEL/", model + "/"))).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench generate: ").contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"rope_theta\":10000.0|\"rope_theta\":10000.0,\"layer_skipping\":3|layer_skipping",
        "\"model_type\":\"llama\"|\"model_type\":\"elman\"|elman",
        "\"vocab_size\":99|\"vocab_size\":98|98",
        "{|[|config.json",
      })
  void aFolderThatCannotBeLoadedIsOneLineAndExitCode2(String text, String other, String message) throws IOException {
    Path config = model.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace(text, other));
    assertThat(run(out, "generate --model MODEL --ids 1")).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench generate: ").contains(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"generate", "quantise"})
  void helpExplainsEveryOption(String command) {
    assertThat(run(out, command + " --help")).isZero();
    assertThat(out.toString()).startsWith("Usage: lanewise-bench " + command);
    Main.commandLine()
        .getSubcommands()
        .get(command)
        .getCommandSpec()
        .options()
        .forEach(option -> assertThat(option.description()).as(option.longestName()).isNotEmpty());
  }
}
