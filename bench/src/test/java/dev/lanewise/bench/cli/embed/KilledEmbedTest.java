package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.bench.testing.TinyBert;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that are killed as kill -9 does it, and continued. */
@Tag("once") // each of its processes takes seconds
@Timeout(300) // against hanging
class KilledEmbedTest {
  private static final int LINES = 30_000;

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

  @ParameterizedTest
  @ValueSource(strings = {"out.jsonl", "out.npy", "out.safetensors"})
  void threeKillsLeaveTheBytesOfAnUnbrokenRun(String name) throws Exception {
    Path model = TinyBert.write(folder.resolve("tiny"));
    Path lines = write(LINES);
    Path whole = folder.resolve("whole-" + name);
    assertThat(run("embed", lines.toString(), "--model", model.toString(), "--output", whole.toString())).as(err.toString()).isZero();
    Path file = folder.resolve(name);
    String[] arguments = {"embed", lines.toString(), "--model", model.toString(), "--output", file.toString(), "--resume"};
    List<String> flags = new ArrayList<>(ChildJvm.ownFlags());
    flags.removeIf(flag -> flag.startsWith("-Xmx"));
    flags.add("-Xmx64m");
    long part = Files.size(whole) / 4;
    for (int kill = 1; kill <= 3; kill++) {
      try (ChildJvm child = ChildJvm.start(flags, List.of(arguments), true)) {
        while (child.process().isAlive() && (!Files.exists(file) || Files.size(file) < kill * part)) {
          Thread.sleep(1);
        }
        child.process().destroyForcibly();
        assertThat(child.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
      }
      assertThat(Files.size(file)).as("size after kill %d", kill).isBetween(kill * part, Files.size(whole) - 1);
    }
    try (ChildJvm child = ChildJvm.start(flags, List.of(arguments), true)) {
      String said = new String(child.process().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(child.process().waitFor()).as(said).isZero();
    }
    assertThat(Files.mismatch(file, whole)).isEqualTo(-1);
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
