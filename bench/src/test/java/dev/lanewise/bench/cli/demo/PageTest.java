package dev.lanewise.bench.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.bench.throughput.timing.Stopwatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.text.tokenizer.Tokens;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageTest {
  private static final String HOSTILE = "</script><b onload='x'>&{{data}}";

  @Test
  void holdsTheDataAndNothingThatTheSentenceSmugglesIn() throws IOException {
    String page = Page.of(summary());
    assertThat(page).doesNotContain("<b onload").doesNotContain("{{script}}").doesNotContain("http://").doesNotContain("https://");
    assertThat(page.split("</script>", -1)).as("one end for each of the two scripts").hasSize(3);
    JsonObject data = data(page);
    assertThat(data.get("sentence").getAsString()).isEqualTo(HOSTILE);
    assertThat(data.getAsJsonArray("tokens").get(1).getAsString()).isEqualTo(HOSTILE);
  }

  @Test
  void weightsKeepTheirPlaces() throws IOException {
    JsonObject data = data(Page.of(summary()));
    assertThat(data.get("weightParts").getAsInt()).isEqualTo(10_000);
    assertThat(data.getAsJsonArray("weights").toString()).isEqualTo("[[[0,5000,5000],[1234,8766,0],[10000,0,0]]]");
  }

  @Test
  void fractionOfPeakIsLeftOutWhereItSaysNothing() throws IOException {
    String timings = data(Page.of(summary())).getAsJsonArray("timings").toString();
    assertThat(timings)
        .isEqualTo(
            "[{\"tokens\":128,\"step\":\"scores\",\"scalarMs\":8.0,\"pathMs\":2.0,\"settled\":true,\"fractionOfPeak\":0.25},"
                + "{\"tokens\":128,\"step\":\"softmax\",\"scalarMs\":4.0,\"pathMs\":4.0,\"settled\":false}]");
  }

  private static JsonObject data(String page) {
    String start = "id=\"data\">";
    int from = page.indexOf(start) + start.length();
    return JsonParser.parseString(page.substring(from, page.indexOf("</script>", from))).getAsJsonObject();
  }

  private static Stopwatch.Time time(double seconds, boolean settled) {
    return new Stopwatch.Time(seconds, settled);
  }

  static Summary summary() {
    Tokens tokens = new Tokens(new int[] {101, 1, 102}, List.of("[CLS]", HOSTILE, "[SEP]"));
    float[] weights = {0, 0.5f, 0.5f, 0.12341f, 0.87659f, 0, 1, 0, 0};
    Workload.Step scores = new Workload.Step("scores", 1e6, 2, () -> {});
    Workload.Step softmax = new Workload.Step("softmax", Double.NaN, 1, () -> {});
    Timings timings =
        new Timings(
            List.of(
                new Timings.Row(128, scores, time(8e-3, true), time(2e-3, true)),
                new Timings.Row(128, softmax, time(4e-3, true), time(4e-3, false))),
            1e9);
    AttentionMap map = new AttentionMap(tokens, Heads.of(weights, 1, 1, 3, 3));
    return new Summary(HOSTILE, map, 1, Kernels.scalar(), 2, new Accuracy(1e-7, 1e-7, 1), timings);
  }
}
