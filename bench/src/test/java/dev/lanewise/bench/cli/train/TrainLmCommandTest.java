package dev.lanewise.bench.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.bench.cli.train.data.Corpus;
import dev.lanewise.bench.cli.train.lm.HeldOut;
import dev.lanewise.text.causal.CausalModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(1200) // against hanging
class TrainLmCommandTest {
  private static final String SMALL = " --width 16 --layers 2 --heads 2 --context 24 --batch 4 --learning-rate 0.02 --threads 2 --steps ";

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path text = Path.of("");

  @BeforeEach
  void write() throws IOException {
    text = Files.writeString(folder.resolve("text.md"), "The cat sat. The dog ran. ".repeat(40));
  }

  private String[] arguments(String options) {
    return Stream.of(("train-lm TEXT --output " + folder.resolve("model") + " " + options).strip().split(" +"))
        .map(word -> word.equals("TEXT") ? text.toString() : word)
        .toArray(String[]::new);
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.commandLine(arguments).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(arguments);
  }

  private byte[] weights() throws IOException {
    return Files.readAllBytes(folder.resolve("model").resolve("model.safetensors"));
  }

  private Path checkpoint() {
    return folder.resolve("model.check-point");
  }

  /**
   * The line has the bits of the model that was written, read by the loader of Llama, whose code shares nothing with the layers that learn.
   */
  @Test
  void whatIsWrittenIsWhatWasMeasured() throws IOException {
    assertThat(run(arguments(SMALL + 30 + " --reports 2"))).as(err.toString()).isZero();
    Corpus corpus = Corpus.read(List.of(text), 10_000);
    double bits = HeldOut.bitsPerByte(CausalModel.load(folder.resolve("model")).model(), corpus, 24);
    assertThat(bits).isLessThan(4);
    assertThat(out.toString())
        .startsWith(folder.resolve("model") + String.format(Locale.ROOT, ": %.3f bits a byte on 104 held-out bytes; gzip -9 needs ", bits));
    assertThat(err.toString().lines().filter(line -> line.startsWith("step ")))
        .hasSize(2)
        .allMatch(
            line -> line.matches("step (15|30) of 30: \\d\\.\\d{3} bits a byte, held out \\d\\.\\d{3}; \\d+\\.\\d kB/s, \\d+ s left"));
    assertThat(checkpoint()).doesNotExist();
    assertThat(run("generate", "--model", folder.resolve("model").toString(), "--text", "The ", "--max-tokens", "9")).isZero();
    assertThat(out.toString().replace(System.lineSeparator(), "")).hasSizeBetween(1, 9);
  }

  @Test
  void seedsRepeatARunOnAnyNumberOfThreads() throws IOException {
    assertThat(run(arguments(SMALL + 6))).isZero();
    byte[] first = weights();
    assertThat(run(arguments(SMALL.replace("threads 2", "threads 1") + 6 + " --force --check-point-every 1"))).isZero();
    assertThat(weights()).isEqualTo(first);
    assertThat(run(arguments(SMALL + 6 + " --force --seed 2"))).isZero();
    assertThat(weights()).isNotEqualTo(first);
  }

  /** The process is killed as kill -9 does it, after its first line. */
  @Test
  void aKilledRunContinuesWithTheSameBits() throws Exception {
    String options = SMALL + 60 + " --check-point-every 7 --reports 6";
    assertThat(run(arguments(options))).as(err.toString()).isZero();
    byte[] unbroken = weights();
    for (int attempt = 0; attempt < 10 && Files.exists(folder.resolve("model")); attempt++) { // on a busy machine, a kill may come late
      Files.delete(folder.resolve("model").resolve("model.safetensors"));
      Files.delete(folder.resolve("model").resolve("config.json"));
      Files.delete(folder.resolve("model"));
      runUntilTheSecondReport(options);
    }
    assertThat(folder.resolve("model")).doesNotExist();
    assertThat(checkpoint()).exists();

    assertThat(run(arguments(options))).isEqualTo(2);
    assertThat(err.toString()).contains("is the check-point of a run that did not end; --resume continues it, --force forgets it");
    assertThat(run(arguments(options + " --resume --seed 2"))).isEqualTo(1);
    assertThat(err.toString().lines()).last().asString().contains("the check-point belongs to a run with other options");
    assertThat(run(arguments(options + " --resume"))).as(err.toString()).isZero();
    assertThat(weights()).isEqualTo(unbroken);
    assertThat(err.toString()).doesNotContain("step 10 of").contains("step 60 of 60");
  }

  private void runUntilTheSecondReport(String options) throws Exception {
    try (ChildJvm child = ChildJvm.start(ChildJvm.ownFlags(), List.of(arguments(options)), true);
        Scanner lines = new Scanner(child.process().getInputStream(), StandardCharsets.UTF_8)) {
      while (!lines.nextLine().startsWith("step 20 ")) {
        // until the second report
      }
      child.process().destroyForcibly();
      assertThat(child.process().waitFor(240, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aLossThatIsNoNumberIsOneLine() {
    assertThat(run(arguments(SMALL.replace("0.02", "1e30") + 30))).isEqualTo(1);
    assertThat(err.toString().lines().filter(line -> !line.startsWith("step ") && !line.startsWith("  | ")))
        .singleElement()
        .asString()
        .contains("is NaN in step")
        .endsWith("a smaller --learning-rate may help");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--steps 0; --steps is 0, must be at least 1",
        "--width 20 --heads 4; --width is 20, must be a multiple of twice --heads 4",
        "--dropout 1; --dropout is 1.0, must be at least 0 and below 1",
        "--context 5000; the text has 936 bytes to learn from and 104 held out, must be more than --context 5000",
        "--context 1; --context is 1, must be from 2",
        "--batch 65536 --context 65536; --batch times --context times --width is 549755813888, must be from 1 to 268435456",
        "--learning-rate 0; --learning-rate is 0.0, must be above 0",
        "--decay -1; --decay is -1.0, must be at least 0 and finite",
        "nothing.md; nothing.md is not there",
        "--resume --force; --resume and --force exclude each other",
        "--threads 0; --threads is 0, must be at least 1",
      })
  void aWrongOptionIsOneLineAndExitCode2(String options, String message) {
    assertThat(run(arguments(options))).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench train-lm: ").contains(message);
    assertThat(folder.resolve("model")).doesNotExist();
  }
}
