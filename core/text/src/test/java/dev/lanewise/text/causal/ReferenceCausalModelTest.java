package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The plain reference gives the logits of PyTorch: in double to twelve digits, and in float with errors of the same size. */
class ReferenceCausalModelTest {
  static List<String> names() {
    return GoldenModel.names();
  }

  @ParameterizedTest
  @MethodSource("names")
  void agreesWithPyTorch(String name) {
    GoldenModel golden = GoldenModel.read(name);
    ReferenceCausalModel reference = ReferenceCausalModel.of(golden.config, golden.tensors());
    double[] exact = last(reference.logits(golden.ids), golden.logits.length);
    double[] plain = last(reference.inFloat().logits(golden.ids), golden.logits.length);
    double error = 0;
    for (int i = 0; i < exact.length; i++) {
      assertThat(exact[i]).as("logit %d", i).isCloseTo(golden.logits[i], within(1e-12 * golden.largest()));
      error = Math.max(error, Math.abs(plain[i] - golden.logits[i]));
    }
    assertThat(error).isBetween(golden.errorOfFloat / 4, golden.errorOfFloat * 4);
  }

  private static double[] last(double[][] rows, int count) {
    double[] all = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    return Arrays.copyOfRange(all, all.length - count, all.length);
  }
}
