package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.bench.testing.TinyBert;
import dev.lanewise.testing.Sample;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
  private static final int LINES = Sample.extent() == Sample.Extent.THOROUGH ? 30_000 : 10_000;

  @TempDir private Path folder;
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    StringWriter out = new StringWriter();
    return Main.commandLine(arguments).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(arguments);
  }

  private Path write(int lines) throws IOException {
    return Files.writeString(
        folder.resolve("lines.txt"), IntStream.range(0, lines).mapToObj(i -> "line number " + i + "\n").collect(Collectors.joining()));
  }

  /** Three kills of a file of lines; of the others, whose rows are written by the same code, one, and three in a thorough run. */
  @ParameterizedTest
  @CsvSource({"out.jsonl, 3", "out.npy, 1", "out.safetensors, 1"})
  void killsLeaveTheBytesOfAnUnbrokenRun(String name, int daily) throws Exception {
    int kills = Sample.extent() == Sample.Extent.THOROUGH ? 3 : daily;
    Path model = TinyBert.write(folder.resolve("tiny"));
    Path lines = write(LINES);
    Path whole = folder.resolve("whole-" + name);
    finish(arguments(lines, model, whole));
    int attempt = 0;
    Path file = folder.resolve(name);
    while (!isKilled(kills, file, arguments(lines, model, file), Files.size(whole))) {
      assertThat(++attempt).as("kills that came late").isLessThan(20);
      file = folder.resolve(attempt + name);
    }
    finish(arguments(lines, model, file));
    assertThat(Files.mismatch(file, whole)).isEqualTo(-1);
  }

  /** Runs the program to its end. */
  private static void finish(List<String> arguments) throws Exception {
    try (ChildJvm child = ChildJvm.start(flags(), arguments, true)) {
      String said = new String(child.process().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(child.process().waitFor()).as(said).isZero();
    }
  }

  private static List<String> arguments(Path lines, Path model, Path file) {
    return List.of("embed", lines.toString(), "--model", model.toString(), "--output", file.toString(), "--resume");
  }

  /** To compile the lanes would take longer than the runs: all of them are in plain Java, without the optimising compiler. */
  private static List<String> flags() {
    List<String> flags = new ArrayList<>(ChildJvm.ownFlags());
    flags.removeIf(flag -> flag.startsWith("-Xmx"));
    flags.addAll(List.of("-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
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
    Path lines = write(10);
    for (String name : List.of("out.jsonl", "out.npy")) {
      Path file = folder.resolve(name);
      assertThat(run("embed", lines.toString(), "--model", one.toString(), "--output", file.toString())).as(err.toString()).isZero();
      byte[] before = Files.readAllBytes(file);
      for (String other : List.of("--pooling first-token", "--prefix law", "--dimensions 8")) {
        String arguments = "embed " + lines + " --model " + one + " --output " + file + " --resume " + other;
        assertThat(run(arguments.split(" "))).as(other).isEqualTo(1);
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
      }
      assertThat(err.toString()).contains("made of another input or by another model");
    }
  }
}
