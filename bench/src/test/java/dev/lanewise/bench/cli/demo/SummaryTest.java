package dev.lanewise.bench.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.bench.cli.explain.Explanation;
import dev.lanewise.bench.cli.explain.Tokens;
import dev.lanewise.bench.throughput.timing.Stopwatch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryTest {
  private static final String HOSTILE = "</script><b onload='x'>&{{data}}";

  @Test
  void thePageHoldsNothingThatTheSentenceSmugglesIn() throws IOException {
    String page = summary().page();
    assertThat(page).doesNotContain("<b onload").doesNotContain("{{script}}").doesNotContain("http://").doesNotContain("https://");
    assertThat(page.split("</script>", -1)).as("one end for each of the two scripts").hasSize(3);
    assertThat(data(page).getAsJsonArray("tokens").get(1).getAsString()).isEqualTo(HOSTILE);
  }

  @Test
  void thePageOpensOnLayer4Head2AndTheListedToken() throws IOException {
    assertThat(data(summary().page()).get("start")).hasToString("{\"layer\":3,\"head\":1,\"token\":1}");
  }

  @Test
  void fractionOfPeakIsLeftOutWhereItSaysNothing() throws IOException {
    JsonObject measured = data(summary().page()).getAsJsonObject("measured");
    assertThat(measured.get("threads").getAsInt()).isEqualTo(2);
    assertThat(measured.get("timings"))
        .hasToString(
            "[{\"tokens\":128,\"step\":\"scores\",\"scalarMs\":8.0,\"pathMs\":2.0,\"settled\":true,\"fractionOfPeak\":0.25},"
                + "{\"tokens\":128,\"step\":\"softmax\",\"scalarMs\":4.0,\"pathMs\":4.0,\"settled\":false}]");
  }

  @Test
  void consoleAndPageSayWhichFiguresHaveNotSettled() throws IOException {
    List<String> marked = printed().lines().filter(line -> line.contains("not settled")).toList();
    assertThat(marked).singleElement().asString().contains("softmax");
    assertThat(printed()).contains("\nNot settled: ");
    assertThat(summary().page()).contains("UNSETTLED", "\"settled\":false");
  }

  @Test
  void theConsoleListsTheHeadOfThePage() {
    assertThat(printed()).contains(" looks at  layer 4, head 2   all heads   most in");
    assertThat(printed()).containsPattern(HOSTILE.replaceAll("([{}])", "\\\\$1") + " +87\\.7 % +11\\.0 % +layer 4, head 2: 87\\.7 %");
  }

  @Test
  void onlyTheDemosOwnPageIsOne(@TempDir Path folder) throws IOException {
    Path page = Files.writeString(folder.resolve("page.html"), summary().page());
    assertThat(Summary.isPage(page)).isTrue();
    assertThat(Summary.isPage(Files.writeString(folder.resolve("other.html"), "<title>mine</title>"))).isFalse();
    assertThat(Summary.isPage(folder)).isFalse();
  }

  private static String printed() {
    StringWriter printed = new StringWriter();
    new ConsoleReport(new PrintWriter(printed, true)).print(summary());
    return printed.toString();
  }

  private static JsonObject data(String page) {
    String start = "id=\"data\">";
    int from = page.indexOf(start) + start.length();
    return JsonParser.parseString(page.substring(from, page.indexOf("</script>", from))).getAsJsonObject();
  }

  private static Stopwatch.Time time(double seconds, boolean settled) {
    return new Stopwatch.Time(seconds, settled);
  }

  /** Four layers of two heads; all look at the first token, but for head 2 of layer 4. */
  private static Summary summary() {
    Tokens tokens = new Tokens(new int[] {101, 1, 102}, List.of("[CLS]", HOSTILE, "[SEP]"));
    float[] first = {1, 0, 0, 1, 0, 0, 1, 0, 0};
    float[] two = new float[18];
    System.arraycopy(first, 0, two, 0, 9);
    System.arraycopy(first, 0, two, 9, 9);
    float[] last = two.clone();
    last[12] = 0.12341f;
    last[13] = 0.87659f;
    Heads plain = Heads.of(two, 1, 2, 3, 3);
    List<Heads> layers = new ArrayList<>(Collections.nCopies(3, plain));
    layers.add(Heads.of(last, 1, 2, 3, 3));
    Workload.Step scores = new Workload.Step("scores", 1e6, 2, () -> {});
    Workload.Step softmax = new Workload.Step("softmax", Double.NaN, 1, () -> {});
    Timings timings =
        new Timings(
            List.of(
                new Timings.Row(128, scores, time(8e-3, true), time(2e-3, true)),
                new Timings.Row(128, softmax, time(4e-3, true), time(4e-3, false))),
            1e9);
    Explanation explanation = Explanation.of(tokens, layers);
    return new Summary(HOSTILE, 3, explanation, 1, Kernels.scalar(), 2, new Accuracy(1e-7, 1e-7, 1), timings);
  }
}
