package dev.lanewise.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.lanewise.bench.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class DuelCommandTest {
  private static final String SMALL = " --heads 4 --head-dim 16 --queries 13 --keys 19 --m 13 --k 19 --n 33 --seconds 0.1";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** The command itself fails where results differ, or either is far from the double-precision one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "onnxruntime --op attention --batch 2",
        "onnxruntime --op attention --keys 13 --causal",
        "onnxruntime --op decode --queries 1",
        "onnxruntime --op gemm",
        "onnxruntime --op softmax",
        "onnxruntime-attention --op attention --batch 2 --kv-heads 2",
        "onnxruntime-attention --op attention --keys 13 --causal",
        "pytorch --op attention --batch 2 --kv-heads 2",
        "pytorch --op attention --keys 13 --causal",
        "pytorch --op decode --queries 1 --batch 2",
        "pytorch --op backward --batch 2 --kv-heads 2",
        "pytorch --op backward --keys 13 --causal",
        "pytorch --op gemm",
        "pytorch --op softmax",
        "openblas --op gemm --threads 2",
        "jlama --op gemm --m 13 --k 64 --n 32",
      })
  void bothComputeTheSame(String options) {
    assertThat(execute("duel --peer " + first(options) + SMALL + rest(options))).as(err.toString()).isZero();
    JsonObject line = JsonParser.parseString(out.toString()).getAsJsonObject();
    assertThat(line.get("maxAbsError").getAsDouble()).isBetween(0.0, 2e-5);
    assertThat(line.get("peerError").getAsDouble()).isBetween(0.0, 2e-5);
    assertThat(line.get("difference").getAsDouble()).isBetween(0.0, 4e-5);
    assertThat(line.get("ratio").getAsDouble()).isBetween(line.get("lowerRatio").getAsDouble(), line.get("upperRatio").getAsDouble());
  }

  /** The command fails if the gradients differ by more than 2e-3; at this size they are of a magnitude of 10. */
  @Test
  void aTrainStepHasTheSameGradients() {
    assertThat(execute("duel --peer pytorch --op train-step --batch 2" + SMALL)).as(err.toString()).isZero();
    JsonObject line = JsonParser.parseString(out.toString()).getAsJsonObject();
    assertThat(line.get("difference").getAsDouble()).isBetween(1e-9, 1e-4);
    assertThat(line.get("maxAbsError").isJsonNull()).isTrue();
  }

  @Test
  void theModelIsTheSame() {
    assertThat(execute("duel --peer onnxruntime --op model --queries 9 --seconds 0.1")).as(err.toString()).isZero();
    assertThat(JsonParser.parseString(out.toString()).getAsJsonObject().get("difference").getAsDouble()).isBetween(1e-12, 1e-5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nobody --op gemm",
        "openblas --op attention",
        "onnxruntime --op backward",
        "openblas --op nothing",
        "onnxruntime --op attention --kv-heads 2",
        "onnxruntime --op attention --causal",
        "onnxruntime --op attention --heads 0",
        "onnxruntime --op attention --kv-heads 3",
        "onnxruntime --op model --queries 513",
        "onnxruntime --op softmax --threads 2",
        "openblas --op gemm --m 1000000 --k 1000000",
        "openblas --op gemm --threads 0",
        "openblas --op gemm --seconds -1",
        "jlama --op gemm --threads 2",
      })
  void whatCannotBeIsOneLine(String options) {
    assertThat(execute("duel --peer " + first(options) + SMALL + rest(options))).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("lanewise-bench duel: ");
    assertThat(out.toString()).isEmpty();
  }

  private static String first(String options) {
    return options.substring(0, options.indexOf(' '));
  }

  private static String rest(String options) {
    return options.substring(options.indexOf(' '));
  }

  private int execute(String line) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).setOverwrittenOptionsAllowed(true);
    return commandLine.execute(line.split(" "));
  }
}
