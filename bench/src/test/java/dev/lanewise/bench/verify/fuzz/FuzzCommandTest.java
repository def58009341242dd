package dev.lanewise.bench.verify.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.testing.Sample;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class FuzzCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine line = new CommandLine(new FuzzCommand()).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
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
      assertThat(run("--seed", seed, "--calls", "12", "--digest", "--paths", "scalar")).as("%s%s", out, err).isZero();
      Matcher digest = Pattern.compile(line).matcher(out.toString());
      assertThat(digest.find()).as("%s", out).isTrue();
      digests.add(digest.group(1));
      out.getBuffer().setLength(0);
    }
    assertThat(digests.get(1)).isEqualTo(digests.get(0)).isNotEqualTo(digests.get(2));
  }

  @Test
  void callsAreCounted() {
    assertThat(run("--seed", "1", "--calls", "25", "--paths", "scalar")).as("%s%s", out, err).isZero();
    assertThat(out.toString()).contains("scalar: 25 calls");
  }

  /** Every call has a head dim. */
  @Test
  void callsWithATextAreLeftOut() {
    assertThat(run("--seed", "1", "--calls", "20000", "--paths", "scalar", "--without", "alibi,head dim")).as("%s%s", out, err).isZero();
    assertThat(out.toString()).contains("scalar: 20000 calls");
  }

  @Test
  void aRandomSeedIsPrinted() {
    assertThat(run("--call", "0", "--paths", "scalar")).as("%s%s", out, err).isZero();
    assertThat(out.toString()).containsPattern("^seed \\d+");
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
