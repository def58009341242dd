package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.testing.QuantisationLoss;
import dev.lanewise.kernels.data.WeightFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A model with rounded weights has nearly the distributions of the model with float weights. The bounds are 1.4 times what correct rounding
 * costs here. Codes or scales with one bit less cost four times as much.
 */
@Tag("twice")
class QuantisationLossTest {
  @Test
  void roundedWeightsCostLittle() {
    QuantisationLoss loss = new QuantisationLoss(4, 128, 512, 1.2, 20261129);
    for (WeightFormat format : WeightFormat.values()) {
      double divergence = loss.divergence(format);
      assertThat(divergence).as("%s", format).isBetween(bound(format) / 3, bound(format));
    }
  }

  private static double bound(WeightFormat format) {
    return switch (format) {
      case F32 -> 0;
      case F16 -> 1.15e-7;
      case BF16 -> 7e-6;
      case INT8 -> 1.1e-4;
      case INT8_BLOCK -> 7.3e-5;
      case INT4 -> 2.4e-2;
      case INT4_ZERO -> 1.7e-2;
    };
  }
}
