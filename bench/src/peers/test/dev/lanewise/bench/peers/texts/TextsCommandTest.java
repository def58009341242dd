package dev.lanewise.bench.peers.texts;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.bench.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class TextsCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** The artifact with all-MiniLM-L6-v2, which bench depends on. */
  private static String miniLm() {
    String onnx = Objects.requireNonNull(TextsCommandTest.class.getResource("/all-minilm-l6-v2.onnx")).getPath();
    return Path.of(URI.create(onnx.substring(0, onnx.indexOf('!')))).toString();
  }

  @Test
  void vectorsAreThoseOfTheNativeModelOfLangChain4j() {
    assertThat(execute("peers", "texts", "--model", miniLm(), "--quantised", miniLm(), "--texts", "20", "--rounds", "2"))
        .as(err.toString())
        .isZero();
    List<JsonObject> lines = lines();
    assertThat(lines).hasSize(2);
    for (JsonObject line : lines) {
      assertThat(line.get("case").getAsString()).isEqualTo("all-minilm-l6-v2");
      assertThat(line.get("medianRatio").getAsDouble())
          .isBetween(line.get("leastRatio").getAsDouble(), line.get("greatestRatio").getAsDouble());
      assertThat(line.getAsJsonObject("lanewiseToFp32").get("greatestDifference").getAsDouble()).isBetween(0.0, 1e-6);
      assertThat(line.getAsJsonObject("nativeToFp32").get("leastCosine").getAsDouble()).isBetween(0.999999, 1.000001);
    }
  }

  @Test
  void modelsAgreeWithOnnxRuntimeFromTextToVector() {
    assertThat(execute("peers", "models", miniLm(), "--texts", "130")).as(err.toString()).isZero();
    assertThat(lines()).singleElement().satisfies(line -> assertThat(line.get("greatestDifference").getAsDouble()).isBetween(1e-12, 1e-6));
  }

  @Test
  void wrongOptionsAreOneLine() {
    assertThat(execute("peers", "texts", "--model", miniLm(), "--texts", "0")).isEqualTo(2);
    assertThat(execute("peers", "models")).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("lanewise-bench peers "));
    assertThat(out.toString()).isEmpty();
  }

  private List<JsonObject> lines() {
    return out.toString().lines().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
  }

  private int execute(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return commandLine.execute(arguments);
  }
}
