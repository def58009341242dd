package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.testing.GoldenLayer;
import dev.lanewise.kernels.Kernels;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** PyTorch's layers, loaded from their state_dict, differ from PyTorch's double run by at most twice the error of PyTorch in float. */
@Tag("twice")
class GoldenLayersTest {
  private static final List<GoldenLayer> CASES = GoldenLayer.load();

  static List<GoldenLayer> cases() {
    return CASES;
  }

  @Test
  void thereAreEnoughCases() {
    assertThat(CASES.stream().collect(Collectors.groupingBy(GoldenLayer::kind, Collectors.counting())))
        .containsOnlyKeys("mha", "encoder-layer", "decoder-layer", "encoder", "decoder", "transformer")
        .allSatisfy((kind, count) -> assertThat(count).as(kind).isGreaterThanOrEqualTo(2));
    assertThat(CASES).hasSizeGreaterThanOrEqualTo(41);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void selectedKernels(GoldenLayer golden) {
    assertNear(golden, Kernels.selected());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scalarKernels(GoldenLayer golden) {
    assertNear(golden, Kernels.scalar());
  }

  private static void assertNear(GoldenLayer golden, Kernels kernels) {
    float[] output = golden.output(golden.tensors, kernels);
    double[] expected = golden.expected;
    assertThat(output).hasSameSizeAs(expected);
    // A wrong float run must not increase the budget.
    assertThat(golden.torchError()).isLessThan(2e-6 * golden.largest());
    double budget = 2 * golden.torchError() + 1e-7 * golden.largest();
    double largest = 0;
    for (int i = 0; i < output.length; i++) {
      if (golden.real(i)) {
        largest = Math.max(largest, Math.abs(expected[i]));
        assertThat((double) output[i]).as("element %d of %s on %s", i, golden, kernels.path()).isCloseTo(expected[i], within(budget));
      }
    }
    assertThat(largest).isEqualTo(golden.largest());
  }
}
