package dev.lanewise.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lanewise.bench.testing.TinyBert;
import dev.lanewise.testing.QuickStart;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The program as a shell starts it, with a small model where the command needs one: the artifact's takes seconds to load. */
@Timeout(1200) // against hanging
class ProcessTest {
  private static final String NOISE =
      "WARNING: Using incubator|INFO: |Picked up |WARNING: Lanewise runs plain Java kernels.*: the optimising compiler is off";

  @TempDir private Path folder;

  private record Result(int code, String out, List<String> err) {}

  @BeforeEach
  void write() throws IOException {
    assumeTrue(Files.exists(Path.of("/dev/full")) && Files.isExecutable(Path.of("/bin/bash")));
    Files.writeString(folder.resolve("lines.txt"), "Gerechtigkeit für alle\nIt rained.\n");
    TinyBert.write(folder.resolve("tiny"));
  }

  /** Runs a line of shell in which {@code lw} is the program and {@code $tiny} names the small model; returns what its exit code says. */
  private Result shell(String line, String... flags) throws IOException, InterruptedException {
    List<String> java =
        new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java"), "--add-modules=jdk.incubator.vector"));
    java.addAll(QuickStart.FLAGS);
    java.addAll(Arrays.asList(flags));
    java.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    String function = "tiny='--model " + folder.resolve("tiny") + "'; lw() { '" + String.join("' '", java) + "' \"$@\"; }; ";
    Path out = folder.resolve("stdout");
    Path err = folder.resolve("stderr");
    Process process =
        new ProcessBuilder("/bin/bash", "-c", function + line)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    int code = process.waitFor();
    List<String> said = Files.readAllLines(err).stream().filter(text -> !text.matches("(" + NOISE + ").*")).toList();
    Result result = new Result(code, Files.readString(out), said);
    Files.delete(out);
    Files.delete(err);
    return result;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "lw --help > /dev/full; No space left on device",
        "lw --version >&-; Bad file descriptor",
        "lw similar x lines.txt $tiny > /dev/full; No space left on device",
        "lw embed lines.txt $tiny > /dev/full; No space left on device",
        "lw throughput --op exp --seconds 0.01 --queries 8 --keys 8 --limits=1,1 >&-; Bad file descriptor"
      })
  void whatCannotBeWrittenIsAFailure(String line, String message) throws Exception {
    Result result = shell(line);
    assertThat(result.err).singleElement().asString().isEqualTo("lanewise-bench: standard output: " + message);
    assertThat(result.code).isEqualTo(1);
  }

  @Test
  void standardErrorCountsToo() throws Exception {
    assertThat(shell("lw nope 2> /dev/full").code).isEqualTo(1);
    assertThat(shell("lw similar x lines.txt $tiny 2> /dev/full").code).isEqualTo(1);
  }

  /** 6000 lines fill the pipe many times. */
  @Test
  void aClosedPipeEndsItQuietly() throws Exception {
    Files.writeString(folder.resolve("many.txt"), "The law will never be perfect.\n".repeat(6000));
    Result result = shell("lw embed many.txt $tiny | head -c 9; exit ${PIPESTATUS[0]}");
    assertThat(result.out).isEqualTo("{\"line\":1");
    assertThat(result.err).isEmpty();
    assertThat(result.code).isEqualTo(141);
  }

  @Test
  void withoutALocaleTextsAndNamesStayWhatTheyAre() throws Exception {
    Result text = shell("export LC_ALL=C; lw similar \"$(printf 'Gerechtigkeit f\\303\\274r alle')\" lines.txt $tiny --top 1");
    assertThat(text.err).isEmpty();
    assertThat(text.out).isEqualTo(" 1.000       1  Gerechtigkeit für alle\n");
    String name = "$(printf 'l\\303\\274r')";
    Result names =
        shell(
            "export LC_ALL=C; mkdir \"@\" && cd \"@\" && cp ../lines.txt \"@.txt\" && lw embed \"@.txt\" $tiny --output \"@.jsonl\" && test -s \"@.jsonl\""
                .replace("@", name));
    assertThat(names.err).isEmpty();
    assertThat(names.out).isEqualTo("lür.jsonl: 2 lines\n");
    assertThat(names.code).isZero();
  }

  @Test
  void anArgumentThatIsNoTextIsRefused() throws Exception {
    for (String locale : new String[] {"C", "C.UTF-8"}) {
      Result result = shell("export LC_ALL=" + locale + "; lw similar \"$(printf 'f\\374r')\" lines.txt $tiny");
      assertThat(result.code).isEqualTo(2);
      assertThat(result.err).containsExactly("lanewise-bench: argument 2 is not UTF-8");
      assertThat(result.out).isEmpty();
    }
  }

  @Test
  void tooLittleMemoryIsOneLineAndLeavesTheOldFile() throws Exception {
    Path old = Files.writeString(folder.resolve("old.jsonl"), "precious");
    Result result = shell("lw embed lines.txt --output old.jsonl --force", "-Xmx60m");
    assertThat(result.code).isEqualTo(1);
    assertThat(result.err)
        .singleElement()
        .asString()
        .matches("lanewise-bench embed: out of memory \\(.*\\): the heap may have \\d+ MB; give java more, such as -Xmx2g");
    assertThat(old).hasContent("precious");
    assertThat(folder).isDirectoryNotContaining(file -> file.toString().endsWith(".tmp"));
  }

  /** The texts of a pipe, compressed or not. */
  @Test
  void pipesAndDevicesAreRead() throws Exception {
    String expected = shell("lw similar law lines.txt $tiny").out;
    assertThat(expected).hasLineCount(2).contains("It rained.");
    assertThat(shell("cat lines.txt | lw similar law - $tiny").out).isEqualTo(expected);
    assertThat(shell("gzip -c lines.txt | lw similar law - $tiny").out).isEqualTo(expected);
    assertThat(shell("lw similar law <(cat lines.txt) $tiny").out).isEqualTo(expected);
    assertThat(shell("mkfifo pipe; cat lines.txt > pipe & lw similar law pipe $tiny").out).isEqualTo(expected);
  }

  @Test
  void pipesAndDevicesAreWritten() throws Exception {
    Files.writeString(folder.resolve("lines.txt"), "It rained.\n".repeat(40)); // more than a block
    String expected = shell("lw embed lines.txt $tiny").out;
    assertThat(expected.getBytes(StandardCharsets.UTF_8).length).isGreaterThan(5000);
    assertThat(shell("lw embed - $tiny --output /dev/stdout < lines.txt").out).isEqualTo(expected);
    assertThat(shell("mkfifo in out; cat lines.txt > in & cat out > got & lw embed in $tiny --output out > said; wait; cat got").out)
        .isEqualTo(expected);
    assertThat(shell("lw embed lines.txt $tiny --output /dev/null").out).isEqualTo("/dev/null: 40 lines\n");
    assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
    Result full = shell("lw embed lines.txt $tiny --output /dev/full");
    assertThat(full.err).singleElement().asString().endsWith("No space left on device");
    assertThat(full.code).isEqualTo(1);
  }

  /** A pipe may end at a terminal; a file is read by programs. */
  @Test
  void escapesReachNoTerminal() throws Exception {
    Files.writeString(folder.resolve("escapes.txt"), "red \u001b[31m\u009b31m\n");
    assertThat(shell("lw similar law escapes.txt $tiny | cat").out).endsWith("red \\u001b[31m\\u009b31m\n");
    assertThat(shell("lw similar law escapes.txt $tiny").out).endsWith("red \u001b[31m\u009b31m\n");
    Result named = shell("lw embed $'no\\e[31m.txt'");
    assertThat(named.err).containsExactly("lanewise-bench embed: no\\u001b[31m.txt is not there");
  }
}
