package dev.lanewise.kernels.simd.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.testing.AttentionCase;
import dev.lanewise.kernels.testing.AttentionShape;
import dev.lanewise.kernels.testing.AttentionVariant;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cached calls on the SIMD path, against the formula in double: few queries are decoded, the others go through the fused kernel. */
class DecodeAttentionTest {
  static Stream<AttentionCase> cached() {
    return AttentionShape.cases(AttentionShape.cached(), AttentionVariant.all());
  }

  @BeforeEach
  void decodingIsPartOfTheSimdPath() {
    assumeThat(Kernels.selected().path()).isNotEqualTo("scalar");
  }

  @ParameterizedTest
  @MethodSource("cached")
  void errorIsWithinTheBudget(AttentionCase call) {
    call.assertWithinBudget(Kernels.selected());
  }

  @ParameterizedTest
  @MethodSource("cached")
  void fewQueriesAreDecoded(AttentionCase call) {
    DecodePlan plan = new DecodePlan(call.problem(), 1);
    for (int b = 0; b < call.batch(); b++) {
      assertThat(plan.decodes(b)).as("batch entry %s of %s", b, call).isEqualTo(call.decodes());
    }
  }
}
