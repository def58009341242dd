package dev.lanewise.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String arguments) {
    String[] args = arguments.isEmpty() ? new String[0] : arguments.split(" ");
    return Main.commandLine(args).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "\"\"|missing command",
        "--nope|'--nope'",
        "nope|'nope'",
        "throughput|'--op=OP'",
        "throughput --op nope|--op nope is unknown",
        "soak --minutes 0|--minutes is 0.0, must be above 0",
        "throughput --op backward --softcap 3|--softcap is for --op attention, not backward",
        "throughput --op exp --nope 1|'--nope'",
        "throughput --op exp --queries x|'--queries': 'x'",
        "throughput --op exp --queries 0|--queries is 0, must be at least 1",
        "throughput --op attention --kv-heads 0|--kv-heads is 0, must be at least 1",
        "throughput --op attention --kv-heads 5|--heads is 12, which is not a multiple of --kv-heads 5",
        "throughput --op gemm --m 65536 --k 65536|65536",
        "throughput --op exp --threads 0|--threads is 0, must be at least 1",
        "throughput --op exp --seconds 0|--seconds is 0.0, must be above 0",
        "throughput --op exp --seconds NaN|--seconds is NaN",
        "throughput --op exp --path fast|--path is fast, must be auto, vector or scalar",
        "throughput --op exp --kv int8|--kv is for --op decode or token, not exp",
        "throughput --op attention --ragged|--ragged is for --op decode, not attention",
        "throughput --op attention --off-heap|--off-heap is for --op decode or token, not attention",
        "throughput --op exp --page 16|--page is for --op decode, not exp",
        "throughput --op token --page 16|--page is for --op decode, not token",
        "throughput --op token --ragged|--ragged is for --op decode, not token",
        "throughput --op token --window 3|--window is for --op attention, not token",
        "throughput --op token --keys -1|--keys is -1, must be at least 0",
        "throughput --op attention --keys 0|--keys is 0, must be at least 1",
        "throughput --op token --layers 0|--layers is 0, must be at least 1",
        "throughput --op token --embed-dim 0|--embed-dim is 0, must be at least 1",
        "throughput --op token --feed-forward -5|--feed-forward is -5, must be at least 1",
        "throughput --op token --vocabulary 0|--vocabulary is 0, must be at least 1",
        "throughput --op token --vocabulary 4000000|--embed-dim 1024 x --vocabulary 4000000 are more elements than an array has",
        "throughput --op token --heads 6 --kv-heads 4|--heads is 6, which is not a multiple of --kv-heads 4",
        "throughput --op token --head-dim 7 --layers 1 --embed-dim 8 --vocabulary 9 --keys 1|headDim is 7",
        "throughput --op token --weights f64|--weights is f64, must be",
        "throughput --op decode --weights q8|--weights is for --op token, not decode",
        "throughput --op gemm --layers 3|--layers is for --op token, not gemm",
        "throughput --op attention --tied|--tied is for --op token, not attention",
        "throughput --op decode --kv f8|--kv is f8, must be one of f32, f16, bf16, int8",
        "throughput --op decode --kv F16|--kv is F16, must be one of f32, f16, bf16, int8",
        "throughput --op decode --page 24|--page is 24, must be 0 or a multiple of 16",
        "throughput --op decode --page -16|--page is -16, must be 0 or a multiple of 16",
        "throughput --op decode --page 16 --batch 65536 --keys 1048576|--batch 65536 of up to 1048576 --keys needs too many pages of 16",
        "throughput --op decode --ragged --keys 16|--keys is 16, must be at least 17 with --ragged",
        "throughput --op decode --softcap 3|--softcap is for --op attention, not decode",
        "throughput --op exp --softcap 3|--softcap is for --op attention, not exp",
        "throughput --op gemm --normaliser relu|--normaliser is for --op attention, not gemm",
        "throughput --op attention --window 3|--window needs --causal",
        "throughput --op attention --causal --window -1|--window is -1, must be at least 0",
        "throughput --op attention --alibi|--alibi needs --causal",
        "throughput --op attention --softcap 0|--softcap is 0.0, must be above 0 and finite",
        "throughput --op attention --softcap NaN|--softcap is NaN, must be above 0 and finite",
        "throughput --op attention --sinks --normaliser relu|--sinks belongs to softmax, but --normaliser is relu",
        "throughput --op attention --normaliser max|'--normaliser': expected one of [",
        "throughput --op attention --similarity near|'--similarity': expected one of [",
        "throughput --op attention --mask some|'--mask': expected one of [",
        "throughput --op attention --layout bdhl|'--layout': expected one of [",
        "throughput --op attention --sequences 0|--sequences is 0, must be at least 1",
        "throughput --op attention --sequences 3 --keys 9|--keys is 9, must be --queries, 512, with --sequences",
        "throughput --op attention --sequences 3 --batch 2|--batch is 2, must be 1 with --sequences",
        "throughput --op attention --sequences 3 --queries 4 --keys 4|--queries is 4, must be at least 5 with --sequences",
        "throughput --op attention --sequences 9999999|--sequences 9999999 of up to 512 queries are more rows",
        "throughput --op attention --mask boolean --queries 65536 --keys 65536|--mask has --queries x --keys = 4294967296 elements",
        "throughput --op attention --bias --queries 65536 --keys 65536|--bias has --queries x --keys = 4294967296 elements",
        "throughput --op attention --layout blhd --heads 65536 --head-dim 65536|65536",
      })
  void aWrongOptionIsOneLineAndExitCode2(String arguments, String message) {
    assertThat(run(arguments)).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench").contains(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "throughput --help"})
  void helpIsNoError(String arguments) {
    assertThat(run(arguments)).isZero();
    assertThat(out.toString()).startsWith("Usage: lanewise-bench");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--version", "-V", "similar --version"})
  void theVersionIsTold(String arguments) {
    assertThat(run(arguments)).isZero();
    assertThat(out.toString()).startsWith("lanewise-bench ").contains("Java " + Runtime.version());
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"similar -x lines.txt", "explain -hello", "demo -Very", "explain --or-not", "export -x"})
  void aTextThatBeginsWithADashGetsAHint(String arguments) {
    assertThat(run(arguments)).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines()).singleElement().asString().endsWith("; write -- before a text that begins with -");
  }

  @Test
  void aMessageShowsControlCharacters() {
    assertThat(run("embed no\u001b[31m\u009b\nfile")).isEqualTo(2);
    assertThat(err.toString()).isEqualTo("lanewise-bench embed: no\\u001b[31m\\u009b\\u000afile is not there" + System.lineSeparator());
  }

  @ParameterizedTest
  @ValueSource(strings = {"explain x --output", "demo --output", "report --only exp --output", "export", "embed - --output"})
  void whatIsThereIsNotReplacedUnasked(String arguments, @TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("x.html"), "precious");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("nowhere"));
    for (Path there : new Path[] {file, link}) {
      err.getBuffer().setLength(0);
      assertThat(run(arguments + " " + there)).isEqualTo(2);
      assertThat(err.toString().lines()).singleElement().asString().contains(there + " is there already; --force replaces it");
    }
    assertThat(file).hasContent("precious");
    assertThat(link).isSymbolicLink();
  }

  @Test
  void theResultsOfAReportAreNotReplacedUnasked(@TempDir Path folder) throws IOException {
    Path results = Files.writeString(folder.resolve("x.json"), "precious");
    assertThat(run("report --only exp --output " + folder.resolve("x.html"))).isEqualTo(2);
    assertThat(err.toString()).contains(results + " is there already; --force replaces it");
  }

  /** A sentence may begin with @, and no file is read for it. */
  @Test
  void argumentsAreNoNamesOfFiles(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("arguments"), "--help");
    assertThat(run("report @" + file)).isEqualTo(2);
    assertThat(err.toString()).contains("'@" + file + "'");
  }

  @ParameterizedTest
  @CsvSource({
    "'{\"lanewiseReport\":1}', no cases",
    "'[[[', no valid JSON",
    "'{\"lanewiseReport\":1,\"cases\":[{\"id\":\"../x\",\"result\":[]}]}', result of case 1 is a JSON array"
  })
  void aWrongFileIsOneLineAndExitCode1(String text, String message, @TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("before.json"), text);
    assertThat(run("report --only exp --against " + file + " --output " + folder.resolve("new.html"))).isEqualTo(1);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench report: " + file).contains(message);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  /** A command is fast to start only if the others are not created. */
  @Test
  void onlyTheCommandThatIsAskedForIsCreated() {
    assertThat(Main.commandLine("embed", "lines.txt").getSubcommands()).containsOnlyKeys("embed");
    assertThat(Main.commandLine("--help").getSubcommands()).containsKeys("demo", "embed", "throughput", "soak");
  }

  @Test
  void helpExplainsEveryOption() {
    Main.commandLine()
        .getSubcommands()
        .get("throughput")
        .getCommandSpec()
        .options()
        .forEach(option -> assertThat(option.description()).as(option.longestName()).isNotEmpty());
  }

  @Test
  void throughputPrintsOneJsonObjectOnOneLine() {
    JsonObject json =
        withMeasuredLimits("attention --heads 4 --kv-heads 2 --queries 20 --keys 33 --head-dim 8 --value-dim 5 --causal --path scalar");

    assertThat(json.keySet())
        .containsExactly(
            "op",
            "path",
            "threads",
            "shape",
            "secondsBest",
            "secondsMedian",
            "settled",
            "gflops",
            "fmaPeakGflops",
            "fractionOfPeak",
            "nanosPerScore",
            "tokensPerSecond",
            "bytesPerSecond",
            "readBandwidth",
            "fractionOfBandwidth",
            "allocatedBytesPerCall",
            "maxAbsError",
            "referenceError",
            "formatError");
    assertThat(json.get("op").getAsString()).isEqualTo("attention");
    assertThat(json.get("path").getAsString()).isEqualTo("scalar");
    assertThat(json.get("threads").getAsInt()).isEqualTo(1);
    assertThat(json.get("shape"))
        .hasToString("{\"batch\":1,\"heads\":4,\"kvHeads\":2,\"queries\":20,\"keys\":33,\"headDim\":8,\"valueDim\":5,\"causal\":true}");
    double best = json.get("secondsBest").getAsDouble();
    assertThat(json.get("secondsMedian").getAsDouble()).isGreaterThanOrEqualTo(best);
    double gflops = json.get("gflops").getAsDouble();
    // query i of 20 sees 14 + i keys: 4 heads · 470 scores, of 2 · (8 + 5) operations
    assertThat(gflops * best * 1e9).isBetween(48_879.9, 48_880.1);
    assertThat(json.get("nanosPerScore").getAsDouble() * 4 * 470).isCloseTo(best * 1e9, within(1e-6 * best * 1e9));
    assertThat(json.get("fractionOfPeak").getAsDouble()).isEqualTo(gflops / json.get("fmaPeakGflops").getAsDouble()).isBetween(0.0, 1.0);
    assertThat(json.get("maxAbsError").getAsDouble()).isBetween(0.0, 1e-5);
    assertThat(json.get("referenceError").getAsDouble()).isBetween(1e-12, 1e-5);
  }

  @Test
  void decodeHasOneQueryAndValuesAsWideAsKeysUnlessTold() {
    JsonObject json =
        throughput("decode --heads 4 --kv-heads 2 --keys 100 --head-dim 24 --kv int8 --page 16 --batch 2 --ragged --off-heap");

    String shape = json.get("shape").toString();
    assertThat(shape)
        .startsWith("{\"batch\":2,\"heads\":4,\"kvHeads\":2,\"queries\":1,\"keys\":100,\"headDim\":24,\"valueDim\":24,\"causal\":false,")
        .contains("\"kv\":\"int8\",\"page\":16,\"offHeap\":true,\"ragged\":true,");
    long rows = json.get("shape").getAsJsonObject().get("cachedRows").getAsLong();
    double bytes = rows * 2 * (2 * 24 + 8) + 2 * 4 * 4 * (2 * 24);
    assertThat(json.get("bytesPerSecond").getAsDouble() * json.get("secondsBest").getAsDouble()).isCloseTo(bytes, within(0.01));
    assertThat(json.get("maxAbsError").getAsDouble()).isBetween(0.0, 1e-5);
    assertThat(json.get("formatError").getAsDouble()).isBetween(1e-4, 0.1);
  }

  @Test
  void decodeTakesQueriesAndValueDimWhenTold() {
    JsonObject shape =
        throughput("decode --heads 2 --keys 20 --head-dim 8 --value-dim 64 --queries 512 --causal").get("shape").getAsJsonObject();
    assertThat(shape.get("queries").getAsInt()).isEqualTo(512);
    assertThat(shape.get("valueDim").getAsInt()).isEqualTo(64);
  }

  @Test
  void readBandwidthOnTwoThreadsHasBytesAndNoFlops() {
    JsonObject json = throughput("read-bandwidth --threads 2");

    assertThat(json.get("threads").getAsInt()).isEqualTo(2);
    assertThat(json.get("shape")).hasToString("{\"bytes\":268435456}");
    for (String absent :
        new String[] {"gflops", "fractionOfPeak", "nanosPerScore", "tokensPerSecond", "maxAbsError", "referenceError", "formatError"}) {
      assertThat(json.get(absent).isJsonNull()).as(absent).isTrue();
    }
    assertThat(json.get("bytesPerSecond").getAsDouble() * json.get("secondsBest").getAsDouble()).isBetween(268435455.9, 268435456.1);
    assertThat(json.get("readBandwidth").getAsDouble()).isPositive();
  }

  @Test
  void aTokenHasItsSpeedAndItsShareOfTheBandwidth() {
    JsonObject json = throughput("token --layers 2 --embed-dim 32 --head-dim 8 --feed-forward 64 --vocabulary 99 --keys 30 --batch 2");

    assertThat(json.get("shape"))
        .hasToString(
            "{\"batch\":2,\"layers\":2,\"embedDim\":32,\"heads\":16,\"kvHeads\":4,\"headDim\":8,\"valueDim\":8,\"feedForward\":64,"
                + "\"vocabulary\":99,\"tied\":false,\"weights\":\"f32\",\"queries\":1,\"keys\":30,\"kv\":\"f32\",\"offHeap\":false}");
    double best = json.get("secondsBest").getAsDouble();
    assertThat(json.get("tokensPerSecond").getAsDouble() * best).isCloseTo(2, within(1e-9));
    double bytesPerSecond = json.get("bytesPerSecond").getAsDouble();
    assertThat(json.get("fractionOfBandwidth").getAsDouble()).isEqualTo(bytesPerSecond / json.get("readBandwidth").getAsDouble());
    long weights = 2 * (32 * (16 + 4) * (8 + 8) + 3 * 32 * 64) + 32 * 99;
    assertThat(bytesPerSecond * best).isCloseTo(4.0 * weights + 2 * 2 * 4 * 31 * 64, within(0.01));
    assertThat(json.get("maxAbsError").getAsDouble()).isBetween(0.0, 1e-5);
    assertThat(json.get("referenceError").isJsonNull()).isTrue();
  }

  @Test
  void aTokenOfOtherHeadsHasAsManyKeyValueHeads() {
    JsonObject json =
        throughput("token --layers 1 --embed-dim 32 --heads 2 --head-dim 8 --feed-forward 64 --vocabulary 99 --keys 0 --tied");
    assertThat(json.get("shape").getAsJsonObject().get("kvHeads").getAsInt()).isEqualTo(2);
    assertThat(json.get("shape").getAsJsonObject().get("tied").getAsBoolean()).isTrue();
  }

  /** With made-up limits of the machine: measuring them takes seconds. */
  private JsonObject throughput(String arguments) {
    return withMeasuredLimits(arguments + " --limits=100,1e10");
  }

  private JsonObject withMeasuredLimits(String arguments) {
    assertThat(run("throughput --seconds 0.05 --op " + arguments)).as(err.toString()).isZero();
    assertThat(out.toString().lines()).hasSize(1);
    return JsonParser.parseString(out.toString()).getAsJsonObject();
  }
}
