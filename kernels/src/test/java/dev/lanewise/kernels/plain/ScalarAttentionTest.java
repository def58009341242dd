package dev.lanewise.kernels.plain;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.testing.AttentionCase;
import dev.lanewise.kernels.testing.AttentionShape;
import dev.lanewise.kernels.testing.AttentionVariant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention in plain Java, against the formula in double. */
@Tag("once")
class ScalarAttentionTest {
  static Stream<AttentionCase> dense() {
    return AttentionShape.cases(AttentionShape.dense(), AttentionVariant.all());
  }

  static Stream<AttentionCase> packed() {
    return AttentionShape.cases(AttentionShape.packed(), AttentionVariant.all());
  }

  static Stream<AttentionCase> cached() {
    return AttentionShape.cases(AttentionShape.cached(), AttentionVariant.all());
  }

  @ParameterizedTest
  @MethodSource({"dense", "packed", "cached"})
  void errorIsWithinTheBudget(AttentionCase call) {
    call.assertWithinBudget(Kernels.scalar());
  }
}
