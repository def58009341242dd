package dev.lanewise.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.bench.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class PeersCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void printsALineForEachCase() {
    assertThat(execute("peers --tokens 8,20 --batch 2 --sentences 5 --accuracy 120 --threads 2 --seconds 0.2")).as(err.toString()).isZero();
    List<JsonObject> lines = out.toString().lines().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    assertThat(lines)
        .extracting(line -> line.get("case").getAsString())
        .containsExactly("accuracy", "2 x 8 tokens", "2 x 20 tokens", "5 sentences");
    for (JsonObject line : lines) {
      assertThat(line.get("peer").getAsString()).startsWith("ONNX Runtime 1.29.");
      assertThat(line.get("leastCosine").getAsDouble()).isBetween(0.999999, 1.000001);
      assertThat(line.get("greatestDifference").getAsDouble()).isBetween(0.0, 1e-5);
    }
    JsonObject last = lines.get(3);
    assertThat(last.get("ratio").getAsDouble() * last.get("lanewiseSeconds").getAsDouble())
        .isCloseTo(last.get("peerSeconds").getAsDouble(), within(1e-9));
    assertThat(last.get("medianRatio").getAsDouble())
        .isBetween(last.get("leastRatio").getAsDouble(), last.get("greatestRatio").getAsDouble());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--batch 0", "--tokens 1", "--tokens 513", "--threads 0", "--seconds NaN", "--nope"})
  void wrongOptionsAreOneLine(String options) {
    assertThat(execute("peers " + options)).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench peers: ");
  }

  private int execute(String line) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return commandLine.execute(line.split(" "));
  }
}
