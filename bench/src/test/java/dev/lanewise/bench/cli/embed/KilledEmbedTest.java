package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.bench.testing.TinyBert;
import dev.lanewise.testing.QuickStart;
import dev.lanewise.testing.Sample;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs that are killed as kill -9 does it, and continued. */
@Tag("once") // each of its processes takes seconds
@Timeout(1200) // against hanging
class KilledEmbedTest {
  /** Some seconds of work in a build. A run must be so long that a kill after its third quarter seldom comes late. */
  private static final int LINES = Sample.extent() == Sample.Extent.THOROUGH ? 30_000 : 5_000;

  @TempDir private static Path given;
  private static Path model = Path.of("");
  private static Path lines = Path.of("");

  @TempDir private Path folder;
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    StringWriter out = new StringWriter();
    return Main.commandLine(arguments).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(arguments);
  }

  private static Path write(Path folder, int lines) throws IOException {
    return Files.writeString(
        folder.resolve("lines.txt"), IntStream.range(0, lines).mapToObj(i -> "line number " + i + "\n").collect(Collectors.joining()));
  }

  /** Writes the files of unbroken runs. */
  @BeforeAll
  static void runUnbroken() throws Exception {
    model = TinyBert.write(given.resolve("tiny"));
    lines = write(given, LINES);
    List<String> words = new ArrayList<>();
    for (String name : List.of("out.jsonl", "out.npy", "out.safetensors")) {
      words.addAll(arguments(given.resolve(name)));
    }
    finish(
        ChildJvm.builder(flags(), System.getProperty("java.class.path"), Unbroken.class.getName(), words)
            .redirectErrorStream(true)
            .start());
  }

  /** Runs several command lines of the same number of arguments in one JVM. */
  static final class Unbroken {
    private Unbroken() {}

    public static void main(String[] words) {
      int length = words.length / 3;
      for (int i = 0; i < words.length; i += length) {
        String[] line = Arrays.copyOfRange(words, i, i + length);
        int code = Main.commandLine(line).execute(line);
        if (code != 0) {
          System.exit(code);
        }
      }
    }
  }

  /** Three kills of a file of lines; of the others, whose rows are written by the same code, one, and three in a thorough run. */
  @ParameterizedTest
  @CsvSource({"out.jsonl, 3", "out.npy, 1", "out.safetensors, 1"})
  void killsLeaveTheBytesOfAnUnbrokenRun(String name, int daily) throws Exception {
    int kills = Sample.extent() == Sample.Extent.THOROUGH ? 3 : daily;
    Path whole = given.resolve(name);
    int attempt = 0;
    Path file = folder.resolve(name);
    while (!isKilled(kills, file, arguments(file), Files.size(whole))) {
      assertThat(++attempt).as("kills that came late").isLessThan(20);
      file = folder.resolve(attempt + name);
    }
    try (ChildJvm child = ChildJvm.start(flags(), arguments(file), true)) {
      finish(child.process());
    }
    assertThat(Files.mismatch(file, whole)).isEqualTo(-1);
  }

  /** Reads what a process says to its end. */
  private static void finish(Process process) throws Exception {
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private static List<String> arguments(Path file) {
    return List.of("embed", lines.toString(), "--model", model.toString(), "--output", file.toString(), "--resume");
  }

  /** To compile the lanes would take longer than the runs: all of them are in plain Java, without the optimising compiler. */
  private static List<String> flags() {
    List<String> flags = new ArrayList<>(ChildJvm.ownFlags());
    flags.removeIf(flag -> flag.startsWith("-Xmx") || flag.startsWith("-Xmn"));
    flags.add("-Xmx64m");
    flags.addAll(QuickStart.FLAGS);
    return flags;
  }

  /** Kills after each equal part of a file. If a kill comes late on a busy machine, the file is whole before, and this is false. */
  private static boolean isKilled(int kills, Path file, List<String> arguments, long size) throws Exception {
    long part = size / (kills + 1);
    for (int kill = 1; kill <= kills; kill++) {
      try (ChildJvm child = ChildJvm.start(flags(), arguments, true)) {
        while (child.process().isAlive() && (!Files.exists(file) || Files.size(file) < kill * part)) {
          Thread.sleep(1);
        }
        child.process().destroyForcibly();
        assertThat(child.process().waitFor(240, TimeUnit.SECONDS)).isTrue();
      }
      assertThat(Files.size(file)).as("size after kill %d", kill).isBetween(kill * part, size);
      if (Files.size(file) == size) {
        return false;
      }
    }
    return true;
  }

  @Test
  void anotherModelDoesNotContinue() throws IOException {
    Path one = TinyBert.write(folder.resolve("one"));
    Path few = write(folder, 10);
    for (String name : List.of("out.jsonl", "out.npy")) {
      Path file = folder.resolve(name);
      assertThat(run("embed", few.toString(), "--model", one.toString(), "--output", file.toString())).as(err.toString()).isZero();
      byte[] before = Files.readAllBytes(file);
      for (String other : List.of("--pooling first-token", "--prefix law", "--dimensions 8")) {
        String arguments = "embed " + few + " --model " + one + " --output " + file + " --resume " + other;
        assertThat(run(arguments.split(" "))).as(other).isEqualTo(1);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
      }
      assertThat(err.toString()).contains("made of another input or by another model");
    }
  }
}
