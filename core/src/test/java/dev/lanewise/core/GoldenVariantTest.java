package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.Stage;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What PyTorch computes in double for masks, changes of scores, normalisers and similarities is what Lanewise computes. */
class GoldenVariantTest {
  private static final List<GoldenVariant> CASES = GoldenVariant.load();

  static List<GoldenVariant> cases() {
    return CASES;
  }

  @Test
  void thereAreEnoughCases() {
    assertThat(CASES).hasSizeGreaterThanOrEqualTo(65);
    assertThat(CASES).filteredOn(golden -> !golden.scores().isEmpty()).hasSizeGreaterThanOrEqualTo(6);
    assertThat(CASES).filteredOn(golden -> golden.logSumExp() != null).hasSizeGreaterThanOrEqualTo(50);
  }

  /** The oracle of all other tests agrees with PyTorch far more closely than any float code could. */
  @ParameterizedTest
  @MethodSource("cases")
  void reference(GoldenVariant golden) {
    ReferenceAttention reference = golden.variant().reference(golden.query(), golden.key(), golden.value());
    assertThat(reference.output()).containsExactly(golden.output(), within(1e-13));
    assertThat(reference.weights()).containsExactly(golden.weights(), within(1e-13));
    if (golden.logSumExp() != null) {
      assertThat(reference.logSumExp()).containsExactly(golden.logSumExp(), within(1e-12));
    }
    for (Stage stage : golden.scores().keySet()) {
      assertThat(reference.scores(stage)).as("%s", stage).containsExactly(golden.scores().get(stage), within(1e-12));
    }
  }
}
