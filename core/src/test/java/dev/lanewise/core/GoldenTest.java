package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.GoldenCases;
import dev.lanewise.core.testing.GoldenCases.Sdpa;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention computes what PyTorch computes in double, within the budget. */
class GoldenTest {
  private static final GoldenCases CASES = GoldenCases.load();

  static List<Sdpa> sdpa() {
    return CASES.sdpa();
  }

  @Test
  void thereAreEnoughCases() {
    assertThat(CASES.sdpa()).hasSizeGreaterThanOrEqualTo(40);
  }

  @ParameterizedTest
  @MethodSource("sdpa")
  void attention(Sdpa golden) {
    Heads output =
        Views.filled(
            Views.Layout.DENSE,
            golden.query().batch(),
            golden.query().heads(),
            golden.query().rows(),
            golden.value().width(),
            Views.SENTINEL);
    attentionOf(golden).compute(golden.query(), golden.key(), golden.value(), output);
    Budget.assertWithin(golden, output.data(), reference(golden).inFloat().output(), golden.output());
  }

  @ParameterizedTest
  @MethodSource("sdpa")
  void attentionWeights(Sdpa golden) {
    Heads weights =
        Views.filled(
            Views.Layout.DENSE, golden.query().batch(), golden.query().heads(), golden.query().rows(), golden.key().rows(), Views.SENTINEL);
    attentionOf(golden).compute(golden.query(), golden.key(), Results.of().withWeights(weights));
    Budget.assertWithin(golden, weights.data(), reference(golden).inFloat().weights(), golden.weights());
  }

  /** The reference of all other tests agrees with PyTorch much more closely than float code could. */
  @ParameterizedTest
  @MethodSource("sdpa")
  void theReferenceAgreesWithPyTorch(Sdpa golden) {
    ReferenceAttention reference = reference(golden);
    assertThat(reference.output()).containsExactly(golden.output(), within(1e-13));
    assertThat(reference.weights()).containsExactly(golden.weights(), within(1e-13));
  }

  private static ReferenceAttention reference(Sdpa golden) {
    return ReferenceAttention.of(attentionOf(golden), golden.query(), golden.key(), golden.value());
  }

  private static Attention attentionOf(Sdpa golden) {
    Attention attention = Attention.standard().withMask(golden.mask());
    return golden.scale() == null ? attention : attention.withScale(golden.scale());
  }
}
