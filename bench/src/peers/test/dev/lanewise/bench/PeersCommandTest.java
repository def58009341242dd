package dev.lanewise.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class PeersCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void printsOneLine() {
    assertThat(execute("peers --batch 2 --tokens 8 --threads 2 --seconds 0.1")).isZero();
    JsonObject line = JsonParser.parseString(out.toString()).getAsJsonObject();
    assertThat(line.get("peer").getAsString()).startsWith("ONNX Runtime 1.29.");
    assertThat(line.get("secondsBest").getAsDouble()).isPositive().isLessThanOrEqualTo(line.get("secondsMedian").getAsDouble());
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
