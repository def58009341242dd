package dev.lanewise.text.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plain reference gives the logits of PyTorch: in double to twelve digits, and in float with errors of the same size. */
class ReferenceCausalModelTest {
  @ParameterizedTest
  @ValueSource(strings = {"llama3", "gemma2"})
  void agreesWithPyTorch(String name) {
    GoldenModel golden = GoldenModel.read(name);
    ReferenceCausalModel reference = ReferenceCausalModel.of(golden.config, golden.tensors());
    double[] exact = flat(reference.logits(golden.ids));
    double[] plain = flat(reference.inFloat().logits(golden.ids));
    assertThat(exact).hasSameSizeAs(golden.logits);
    double error = 0;
    for (int i = 0; i < exact.length; i++) {
      assertThat(exact[i]).as("logit %d", i).isCloseTo(golden.logits[i], within(1e-12 * golden.largest()));
      error = Math.max(error, Math.abs(plain[i] - golden.logits[i]));
    }
    assertThat(error).isBetween(golden.errorOfFloat / 3, golden.errorOfFloat * 3);
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }
}
