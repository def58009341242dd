package dev.lanewise.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ReportCommandTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(Object... arguments) {
    return run(new ReportCommand(), arguments);
  }

  private int run(ReportCommand command, Object... arguments) {
    CommandLine line = new CommandLine(command).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
  }

  /** Two cases, one of which earlier results hold. */
  @Test
  void measuresAndComparesInJvmsOfTheirOwn() throws IOException {
    Path page = folder.resolve("report.html");
    Path results = folder.resolve("report.json");
    Path earlier = folder.resolve("earlier.json");
    write("exp-128-vector", earlier);
    assertThat(run("--only", "exp-128", "--seconds", 0.05, "--output", page, "--against", earlier)).as(err.toString()).isZero();
    assertThat(Results.read(results).timings()).containsOnlyKeys("exp-128-scalar", "exp-128-vector");
    assertThat(Files.readString(page))
        .contains("exp-128-scalar", "\"changes\":{\"exp-128-vector\":{\"ratio\":")
        .doesNotContain("\"exp-128-scalar\":{\"ratio\":");
    assertThat(out.toString()).contains("report.html: 2 cases");
  }

  /** Writes results of one case. */
  private static void write(String id, Path file) throws IOException {
    JsonObject second = new JsonObject();
    second.addProperty("secondsBest", 1);
    second.addProperty("secondsMedian", 1);
    Results results = Results.begin("quick", 1);
    results.put(Suite.quick(false, false).stream().filter(each -> each.id().equals(id)).findAny().orElseThrow(), second);
    results.write(file);
  }

  @Test
  void aCaseThatFailsIsSaidAndTheOthersAreMeasured() {
    ReportCommand broken = new ReportCommand(new Fork(List.of("-XX:+NoSuchFlag")));
    assertThat(run(broken, "--only", "exp-128-vector", "--output", folder.resolve("r.html"))).isEqualTo(1);
    assertThat(err.toString()).startsWith("exp-128-vector: ");
    assertThat(out.toString()).contains("0 cases, 1 failed");
  }

  @Test
  void wrongOptionsAreSaidBeforeAnythingIsMeasured() throws IOException {
    assertThat(run("--quick", "--full")).isEqualTo(2);
    assertThat(run("--threads", 0)).isEqualTo(2);
    assertThat(run("--seconds", "NaN")).isEqualTo(2);
    assertThat(run("--only", "nothing")).isEqualTo(2);
    assertThat(run("--output", folder)).isEqualTo(2);
    assertThat(run("--against", folder.resolve("missing.json"))).isEqualTo(2);
    Path same = Files.writeString(folder.resolve("x.json"), "{}");
    assertThat(run("--output", folder.resolve("x.html"), "--against", same)).isEqualTo(2);
    assertThat(err.toString())
        .contains("--quick and --full exclude each other")
        .contains("--threads is 0, must be at least 1")
        .contains("--seconds is NaN")
        .contains("--only nothing is in the name of no case")
        .contains("is a folder, must be a file")
        .contains("missing.json is no file")
        .contains("choose another --output");
    assertThat(out.toString()).isEmpty();
  }
}
