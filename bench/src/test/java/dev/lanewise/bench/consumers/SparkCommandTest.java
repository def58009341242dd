package dev.lanewise.bench.consumers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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

/** {@code embed --spark} of the jar that this build has made, with the profile {@code spark} or without it. */
@Tag("consumers")
@Timeout(600) // against hanging
class SparkCommandTest {
  private static final Path JAR = Path.of("target", "lanewise-bench.jar").toAbsolutePath();
  private static final boolean WITH_SPARK = Files.isDirectory(JAR.resolveSibling("lib").resolve("spark"));

  @TempDir private Path folder;

  /** An exit code, and the lines on both streams. */
  private record Ended(int code, List<String> out, List<String> err) {}

  private Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(Tool.ofJdk("java"), "--add-modules", "jdk.incubator.vector", "-jar", JAR.toString()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectOutput(folder.resolve("out").toFile())
        .redirectError(folder.resolve("err").toFile())
        .start();
  }

  private Ended run(String... arguments) throws IOException, InterruptedException {
    Process process = start(arguments);
    int code = process.waitFor();
    List<String> err = Files.readAllLines(folder.resolve("err"));
    // The JVM's own line about the incubator module, and the kernels' about the path.
    List<String> printed = err.stream().filter(line -> !line.startsWith("WARNING: Using incubator") && !line.startsWith("INFO: ")).toList();
    return new Ended(code, Files.readAllLines(folder.resolve("out")), printed);
  }

  private Path texts(int count) throws IOException {
    Path file = folder.resolve("some texts [1].jsonl");
    String lines =
        IntStream.range(0, count)
            .mapToObj(i -> "{\"id\": " + i + ", \"line\": \"text number " + i + "\"}")
            .collect(Collectors.joining("\n"));
    return Files.writeString(file, lines);
  }

  @Test
  void embedsOrTellsHowToGetSpark() throws Exception {
    Path texts = texts(100);
    Ended ended = run("embed", texts.toString(), "--spark", "local[2]", "--output", "vectors", "--text-column", "line");
    if (!WITH_SPARK) {
      assertThat(ended.code).isEqualTo(2);
      assertThat(ended.err).hasSize(1).allMatch(line -> line.contains("mvn -Pspark -DskipTests package"));
      return;
    }
    assertThat(ended.code).as("%s", ended).isZero();
    assertThat(ended.err).isEmpty();
    assertThat(ended.out).hasSize(1).allMatch(line -> line.endsWith("vectors: 100 rows"));
    Ended again = run("embed", texts.toString(), "--spark", "--output", "vectors", "--text-column", "line");
    assertThat(again.code).isEqualTo(2);
    assertThat(again.err).hasSize(1).allMatch(line -> line.contains("vectors is there already"));
    Ended other = run("embed", texts.toString(), "--spark", "--output", "more", "--text-column", "id");
    assertThat(other.code).as("%s", other).isEqualTo(2);
    assertThat(other.err).hasSize(1).allMatch(line -> line.startsWith("embed: ") && line.contains("id"));
    assertThat(folder.resolve("more")).doesNotExist();
  }

  /** As Ctrl-C does, but only for the first JVM: it passes the request on. */
  @Test
  void aStoppedRunLeavesNoFolder() throws Exception {
    Path texts = texts(200_000);
    Process process = start("embed", texts.toString(), "--spark", "local[2]", "--output", "vectors", "--text-column", "line");
    while (WITH_SPARK && process.isAlive() && !Files.exists(folder.resolve("vectors"))) {
      process.waitFor(100, TimeUnit.MILLISECONDS);
    }
    // not descendants: Hadoop starts a shell for some files
    List<ProcessHandle> children = process.children().toList();
    process.destroy();
    assertThat(process.waitFor()).isNotZero();
    assertThat(children).hasSize(WITH_SPARK ? 1 : 0).noneMatch(ProcessHandle::isAlive);
    assertThat(folder.resolve("vectors")).doesNotExist();
  }
}
