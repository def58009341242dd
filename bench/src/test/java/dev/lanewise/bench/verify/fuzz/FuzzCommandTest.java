package dev.lanewise.bench.verify.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.console.ChildJvm;
import dev.lanewise.testing.QuickStart;
import dev.lanewise.testing.Sample;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class FuzzCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return run(new FuzzCommand(), arguments);
  }

  /** Makes few calls in plain Java, which end before the optimising compiler has earned its time. */
  private int runInPlainJava(String... arguments) {
    List<String> flags = new ArrayList<>(ChildJvm.ownFlags());
    flags.addAll(QuickStart.FLAGS);
    return run(new FuzzCommand(flags), Stream.concat(Stream.of("--paths", "scalar"), Stream.of(arguments)).toArray(String[]::new));
  }

  private int run(FuzzCommand command, String... arguments) {
    CommandLine line = new CommandLine(command).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  /** Makes calls on all paths for some seconds, or half a minute in a thorough run. */
  @Test
  void noCallIsWrongOnAnyPath() {
    String minutes = Sample.extent() == Sample.Extent.THOROUGH ? "0.5" : "0.1";
    assertThat(run("--minutes", minutes, "--seed", "20261121")).as("%s%s", out, err).isZero();
    assertThat(out.toString()).startsWith("seed 20261121");
    for (KernelPath path : KernelPath.ofThisMachine()) {
      Matcher count = Pattern.compile(path.path() + ": (\\d+) calls").matcher(out.toString());
      assertThat(count.find()).as("%s in %s", path.path(), out).isTrue();
      assertThat(Integer.parseInt(count.group(1))).as(path.path()).isPositive();
    }
  }

  @Test
  void oneCallCanBeRepeated() {
    assertThat(run("--seed", "1", "--call", "13", "--paths", "256,scalar")).as("%s%s", out, err).isZero();
    assertThat(out.toString()).contains("vector-256: 1 calls", "scalar: 1 calls").doesNotContain("128");
  }

  @Test
  void theSameCallsGiveTheSameDigest() {
    String line = "scalar: 12 calls, digest ([0-9a-f]{64})";
    List<String> digests = new ArrayList<>();
    for (String seed : List.of("1", "1", "2")) {
      assertThat(runInPlainJava("--seed", seed, "--calls", "12", "--digest")).as("%s%s", out, err).isZero();
      Matcher digest = Pattern.compile(line).matcher(out.toString());
      assertThat(digest.find()).as("%s", out).isTrue();
      digests.add(digest.group(1));
      out.getBuffer().setLength(0);
    }
    assertThat(digests.get(1)).isEqualTo(digests.get(0)).isNotEqualTo(digests.get(2));
  }

  @Test
  void callsAreCounted() {
    assertThat(runInPlainJava("--seed", "1", "--calls", "25")).as("%s%s", out, err).isZero();
    assertThat(out.toString()).contains("scalar: 25 calls");
  }

  /** Every call has a head dim: whatever the seed, no call is made. */
  @Test
  void callsWithATextAreLeftOutAndARandomSeedIsPrinted() {
    assertThat(runInPlainJava("--calls", "20000", "--without", "alibi,head dim")).as("%s%s", out, err).isZero();
    assertThat(out.toString()).containsPattern("^seed \\d+").contains("scalar: 20000 calls");
  }

  @Test
  void wrongOptionsAreNamed() {
    assertThat(run("--minutes", "0")).isEqualTo(2);
    assertThat(run("--minutes", "NaN")).isEqualTo(2);
    assertThat(run("--seed", "x")).isEqualTo(2);
    assertThat(run("--call", "-1")).isEqualTo(2);
    assertThat(run("--first", "-1")).isEqualTo(2);
    assertThat(run("--failures", "0")).isEqualTo(2);
    assertThat(run("--calls", "0")).isEqualTo(2);
    assertThat(run("--digest")).isEqualTo(2);
    assertThat(run("--paths", "64")).isEqualTo(2);
    assertThat(run("--paths", "256,256")).isEqualTo(2);
    assertThat(err.toString())
        .contains("--minutes is 0.0, must be above 0")
        .contains("--minutes is NaN")
        .contains("'x' is not a long")
        .contains("--call is -1, must be at least 0")
        .contains("--first is -1, must be at least 0")
        .contains("--failures is 0, must be at least 1")
        .contains("--calls is 0, must be at least 1")
        .contains("--digest needs --calls")
        .contains("--paths has 64, which is none of 512, 256, 128, scalar")
        .contains("--paths has a path twice: 256,256");
    assertThat(out.toString()).isEmpty();
  }
}
