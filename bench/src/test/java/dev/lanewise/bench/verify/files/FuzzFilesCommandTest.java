package dev.lanewise.bench.verify.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(300)
class FuzzFilesCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  private int run(String... arguments) {
    CommandLine line = new CommandLine(new FuzzFilesCommand()).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  /** A small sample; run the command for a large one. */
  @Test
  void noReaderBreaksThePromise() {
    assertThat(run("--files", "60", "--seed", "20261130", "--keep", folder.toString())).as("%s%s", out, err).isZero();
    assertThat(out.toString())
        .contains("seed 20261130")
        .containsPattern("encoder: 60 files, \\d+ refused")
        .containsPattern("checkpoint: 60 files, \\d+ refused")
        .containsPattern("cache: 60 files, \\d+ refused");
  }

  @Test
  void wrongOptionsAreNamed() {
    assertThat(run("--files", "0")).isEqualTo(2);
    assertThat(run("--readers", "npy")).isEqualTo(2);
    assertThat(err.toString()).contains("--files is 0, must be at least 1").contains("--readers has npy, which is none of [safetensors,");
  }

  private Attempt attempt(Subject.Reading reading) throws InterruptedException {
    return Attempt.of(new Subject("x", Map.of(), List.of(), reading), folder);
  }

  @Test
  void whatBreaksThePromiseIsFound() throws InterruptedException {
    assertThat(attempt(made -> () -> {})).isEqualTo(new Attempt("", ""));
    String named = folder + " is wrong";
    assertThat(
            attempt(
                made -> {
                  throw new IOException(named);
                }))
        .isEqualTo(new Attempt(named, ""));
    assertThat(
            attempt(
                    made -> {
                      throw new IOException("something is wrong");
                    })
                .fault())
        .contains("does not name the file");
    assertThat(
            attempt(
                    made -> {
                      throw new IOException(named + "\u001b[31m");
                    })
                .fault())
        .contains("control characters");
    assertThat(
            attempt(
                    made -> {
                      throw new NumberFormatException(named);
                    })
                .fault())
        .contains("reading throws java.lang.NumberFormatException");
    assertThat(
            attempt(
                    made ->
                        () -> {
                          throw new IllegalStateException(named);
                        })
                .fault())
        .contains("using throws java.lang.IllegalStateException");
    assertThat(attempt(made -> () -> endlessRecursion(1)).fault()).contains("using throws java.lang.StackOverflowError");
    AtomicReference<byte[]> kept = new AtomicReference<>();
    assertThat(
            attempt(
                    made ->
                        () -> {
                          for (int i = 0; i < 300; i++) {
                            kept.set(new byte[1 << 20]);
                          }
                        })
                .fault())
        .contains("300 MB");
  }

  /** A list of wrong tensors has lines, and no other message. */
  @Test
  void messagesOfSeveralLinesAreFound() throws InterruptedException {
    for (String end : new String[] {"\n", "\r", "\u0085", "\u2028", "\u2029", "\u001b[31m", "\u202e", "\u2066"}) {
      assertThat(refused(folder + " is wrong" + end).fault()).as(end).contains("control characters");
      assertThat(refused("2 tensors in " + folder + end + "x").fault().isEmpty()).as(end).isEqualTo(end.equals("\n"));
    }
    assertThat(refused(folder + "/m.onnx: 1 tensor in memory:\nx").fault()).isEmpty();
    assertThat(refused("x: 2 tensors in " + folder + "\n").fault()).contains("control characters");
  }

  private Attempt refused(String message) throws InterruptedException {
    return attempt(
        made -> {
          throw new IllegalArgumentException(message);
        });
  }

  /** Never ends for a number above 0. */
  private static int endlessRecursion(int number) {
    return number == 0 ? 0 : 1 + endlessRecursion(number);
  }

  /** The same seed makes the same file, and different seeds nearly always different ones. */
  @Test
  void changesComeFromTheSeed() {
    byte[] valid = SeedTensors.utf8(SeedTokenizers.wordPiece());
    Set<String> made = new HashSet<>();
    for (long seed = 0; seed < 100; seed++) {
      byte[] file = new FileMutations(seed).of("tokenizer.json", valid);
      assertThat(new FileMutations(seed).of("tokenizer.json", valid)).isEqualTo(file);
      made.add(new String(file, StandardCharsets.ISO_8859_1));
    }
    assertThat(made).hasSizeGreaterThan(90);
  }
}
