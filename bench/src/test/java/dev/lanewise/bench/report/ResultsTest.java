package dev.lanewise.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import dev.lanewise.bench.report.Case.Chart;
import dev.lanewise.bench.report.Comparison.Change;
import dev.lanewise.bench.report.Comparison.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResultsTest {
  private static final String HOSTILE = "</script><b onload='x'>{{script}}";

  @TempDir private Path folder;

  private static Case named(String id) {
    return new Case(id, HOSTILE, Chart.LENGTH, 32, List.of("throughput", "--op", "exp"));
  }

  private static JsonObject result(double best, double median) {
    JsonObject result = new JsonObject();
    result.addProperty("secondsBest", best);
    result.addProperty("secondsMedian", median);
    return result;
  }

  private static Results results(double factor) throws IOException {
    Results results = Results.begin("quick", 1);
    results.put(named("a"), result(factor, factor * 1.02));
    results.put(named("b"), result(2 / factor, 2.2 / factor));
    results.fail(named("c"), "no reason");
    return results;
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    Path file = folder.resolve("results.json");
    results(1).write(file);
    Results read = Results.read(file);
    assertThat(read.json()).isEqualTo(results(1).json());
    read.put(named("a"), result(3, 3));
    read.fail(named("b"), "broken");
    assertThat(read.json().getAsJsonArray("cases")).hasSize(3);
    assertThat(read.timings()).containsOnlyKeys("a").containsEntry("a", new Timing(3, 0));
    read = Results.read(file);
    assertThat(read.timings()).containsOnlyKeys("a", "b").containsEntry("b", new Timing(2, 2.2 / 2 - 1));
  }

  @Test
  void whatHasNotSettledIsNamed() throws IOException {
    Results results = results(1);
    assertThat(results.unsettled()).isEmpty();
    JsonObject settled = result(1, 1);
    settled.addProperty("settled", true);
    results.put(named("a"), settled);
    JsonObject unsettled = result(1, 1);
    unsettled.addProperty("settled", false);
    results.put(named("b"), unsettled);
    assertThat(results.unsettled()).containsExactly("b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "null",
        "{\"lanewiseReport\":2}",
        "{\"lanewiseReport\":1}",
        "{\"lanewiseReport\":1,\"cases\":[1]}",
        "{\"lanewiseReport\":1,\"cases\":[{\"id\":\"a\",\"result\":{}}]}",
        "{\"lanewiseReport\":1,\"cases\":[{\"id\":\"a\",\"result\":{\"secondsBest\":-1,\"secondsMedian\":1}}]}",
        "{\"lanewiseReport\":1,\"cases\":[{\"id\":\"a\",\"result\":{\"secondsBest\":2,\"secondsMedian\":1}}]}",
      })
  void anythingElseIsRefused(String text) throws IOException {
    Path file = folder.resolve("results.json");
    Files.writeString(file, text);
    assertThatThrownBy(() -> Results.read(file)).isInstanceOf(IOException.class).hasMessageContaining("results.json is no ");
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1.01, 0.88, 0.89, FASTER",
    "1, 1.01, 1.12, 1.13, SLOWER",
    "1, 1.01, 0.96, 0.97, SAME",
    "1, 1.01, 1.04, 1.05, SAME",
    "1, 1.30, 0.9, 0.91, SAME",
    "1, 1.01, 1.2, 1.8, SAME",
    "1, 1.30, 0.7, 0.71, FASTER",
  })
  void aChangeCountsBeyondTheNoiseOfBothRuns(double best, double median, double newBest, double newMedian, Verdict verdict)
      throws IOException {
    Change change = Change.of(Timing.of(result(best, median), "it"), Timing.of(result(newBest, newMedian), "it"));
    assertThat(change.verdict()).isEqualTo(verdict);
    assertThat(change.noise()).isGreaterThanOrEqualTo(Comparison.LEAST_NOISE);
  }

  @Test
  void forksGiveTheFastestAndTellHowFarTheyAreApart() throws IOException {
    JsonObject both = Results.fastest(List.of(result(1.2, 1.3), result(1, 1.01)));
    assertThat(both.get("secondsBest").getAsDouble()).isEqualTo(1);
    assertThat(both.get("forkSeconds")).hasToString("[1.2,1.0]");
    assertThat(Timing.of(both, "it").spread()).isCloseTo(0.2, within(1e-12));
  }

  @Test
  void duelsCompareByTheirRatio() throws IOException {
    JsonObject duel = result(1, 1);
    duel.addProperty("ratio", 2);
    duel.addProperty("lowerRatio", 1.9);
    duel.addProperty("upperRatio", 2.09);
    assertThat(Timing.of(duel, "it").time()).isEqualTo(0.5);
    assertThat(Timing.of(duel, "it").spread()).isCloseTo(0.1, within(1e-12));
  }

  @Test
  void thePageHoldsTheDataAndNothingThatItSmugglesIn() throws IOException {
    String page = ReportPage.of(results(1), results(2));
    assertThat(page).doesNotContain("<b onload").doesNotContain("src=\"http").doesNotContain("href=\"http");
    assertThat(page.split("</script>", -1)).as("one end for each of the three scripts").hasSize(4);
    assertThat(page).contains("\"a\":{\"ratio\":2.0,\"noise\":0.1,\"verdict\":\"FASTER\"}").contains("\"verdict\":\"SLOWER\"");
    assertThat(page).contains("d3js.org");
  }
}
