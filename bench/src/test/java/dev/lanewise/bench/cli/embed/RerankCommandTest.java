package dev.lanewise.bench.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.bench.cli.Main;
import dev.lanewise.bench.testing.TinyBert;
import dev.lanewise.text.Reranker;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RerankCommandTest {
  private static final List<String> TEXTS = List.of("the law is just.", "", "it rained", "公正", "the number is just a number");

  @TempDir private Path folder;
  private Path model = Path.of("");
  private Path input = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void write() throws IOException {
    model = TinyBert.writeCrossEncoder(folder.resolve("cross"));
    input = Files.writeString(folder.resolve("texts.txt"), String.join("\n", TEXTS));
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.commandLine(arguments).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(arguments);
  }

  private List<String> expected(Reranker reranker) {
    float[] scores = reranker.score("law", TEXTS);
    List<Integer> order = new ArrayList<>(IntStream.range(0, scores.length).boxed().toList());
    order.sort(Comparator.comparingDouble(i -> -scores[i]));
    return order.stream().map(i -> String.format(Locale.ROOT, "%6.3f  %6d  %s", scores[i], i + 1, TEXTS.get(i))).toList();
  }

  @Test
  void linesComeInTheOrderOfTheirScores() throws IOException {
    Reranker reranker = Reranker.load(model);
    assertThat(run("rerank", "law", input.toString(), "--model", model.toString())).as(err.toString()).isZero();
    assertThat(out.toString().lines()).containsExactlyElementsOf(expected(reranker));
    assertThat(run("rerank", "law", input.toString(), "--model", model.toString(), "--top", "2", "--threads", "2")).isZero();
    assertThat(out.toString().lines()).containsExactlyElementsOf(expected(reranker).subList(0, 2));
    assertThat(run("rerank", "law", input.toString(), "--model", model.toString(), "--max-tokens", "6")).isZero();
    assertThat(out.toString().lines()).containsExactlyElementsOf(expected(reranker.withMaxTokens(6)));
    assertThat(expected(reranker.withMaxTokens(6))).isNotEqualTo(expected(reranker));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "law TEXTS|has no classifier, must be a cross-encoder",
        "law TEXTS --model nowhere|--model nowhere is not there",
        "law TEXTS --model MODEL --top 0|--top is 0, must be at least 1",
        "law TEXTS --model MODEL --threads 0|--threads is 0, must be at least 1",
        "law TEXTS --model MODEL --max-tokens 0|--max-tokens is 0, must be at least 1",
        "law TEXTS --model MODEL --max-tokens 3|--max-tokens is 3, must be at least 4",
        "law TEXTS --model MODEL --max-tokens 41|--max-tokens: maxTokens is 41",
        "law nothing.txt --model MODEL|nothing.txt is not there",
        "law --model MODEL|Missing required parameter: 'FILE'",
      })
  void aWrongOptionIsOneLineAndExitCode2(String options, String message) {
    String given = "rerank " + options.replace("TEXTS", input.toString()).replace("MODEL", model.toString());
    assertThat(run(given.split(" "))).as(given).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench rerank: ").contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void whatCannotBeReadIsSkipped() throws IOException {
    Path latin = Files.write(folder.resolve("latin"), new byte[] {'x', (byte) 0xff, '\n', 'l', 'a', 'w'});
    assertThat(run("rerank", "law", latin.toString(), "--model", model.toString())).isZero();
    assertThat(err.toString()).contains("line 1 is not UTF-8");
    assertThat(out.toString().lines()).singleElement().asString().endsWith("2  law");
    Files.write(latin, new byte[] {'x', (byte) 0xff});
    assertThat(run("rerank", "law", latin.toString(), "--model", model.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("none of the 1 lines of " + latin + " can be read");
  }
}
