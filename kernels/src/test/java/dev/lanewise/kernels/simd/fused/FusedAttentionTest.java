package dev.lanewise.kernels.simd.fused;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.testing.AttentionCase;
import dev.lanewise.kernels.testing.AttentionShape;
import dev.lanewise.kernels.testing.AttentionVariant;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The fused kernel on dense and packed calls, against the formula in double. */
class FusedAttentionTest {
  static Stream<AttentionCase> dense() {
    return AttentionShape.cases(AttentionShape.dense(), AttentionVariant.all());
  }

  static Stream<AttentionCase> packed() {
    return AttentionShape.cases(AttentionShape.packed(), AttentionVariant.all());
  }

  @ParameterizedTest
  @MethodSource({"dense", "packed"})
  void errorIsWithinTheBudget(AttentionCase call) {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
    call.assertWithinBudget(Kernels.selected());
  }
}
