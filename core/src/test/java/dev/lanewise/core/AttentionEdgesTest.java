package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Stage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls at the limits of what is allowed; each of them once gave a wrong result. */
class AttentionEdgesTest {
  private static final Attention ATTENTION = Attention.standard();

  private static Heads row(float... data) {
    return Heads.of(data, 1, 1, data.length, 1);
  }

  @Test
  void oneKeyRowCanStandForMany() {
    Heads key = new Heads(new float[] {1, 2, 3}, 0, 1, 1, 9, 3, 0, 0, 0);
    Heads output = Heads.zeros(1, 1, 1, 1);
    ATTENTION.compute(Heads.of(new float[] {3, 2, 1}, 1, 1, 1, 3), key, row(0, 1, 2, 3, 4, 5, 6, 7, 8), output);
    assertThat(output.get(0, 0, 0, 0)).isCloseTo(4, within(1e-5f));
  }

  /** Other libraries mask with the lowest float: a row whose scores are all masked in this way gets the mean of V. */
  @Test
  void lowestFloatAsBiasIsNoMask() {
    Heads output = Heads.zeros(1, 1, 1, 1);
    Bias bias = Bias.of(new float[] {-Float.MAX_VALUE, -Float.MAX_VALUE}, 2);
    ATTENTION.withBias(bias).compute(row(1), row(1, 2), row(2, 4), output);
    assertThat(output.get(0, 0, 0, 0)).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.MIN_VALUE, 1e-39f, 3e38f, Float.MAX_VALUE})
  void softcapMayBeAnyPositiveNumber(float softcap) {
    Heads scores = Heads.zeros(1, 1, 1, 2);
    ATTENTION.withSoftcap(softcap).withScale(1).compute(row(1), row(0, 0.5f), Results.of().withScores(Stage.CAPPED, scores));
    assertThat(scores.get(0, 0, 0, 0)).isZero();
    assertThat(scores.get(0, 0, 0, 1)).isCloseTo((float) (softcap * Math.tanh(0.5 / softcap)), within(1e-6f));
  }

  /** A score of −∞ has weight 0, with or without a mask, and its value is never read. */
  @Test
  void aKeyOfInfiniteDistanceHidesItsValue() {
    Heads output = Heads.zeros(1, 1, 1, 1);
    ATTENTION.compute(row(1), row(Float.NEGATIVE_INFINITY, 2), row(Float.NaN, 4), output);
    assertThat(output.get(0, 0, 0, 0)).isEqualTo(4);
  }

  @Test
  void maskedKeysHaveNoWeightInARowOfNaN() {
    Heads weights = Heads.zeros(1, 1, 2, 3);
    float[] columnSums = new float[3];
    Attention causal = ATTENTION.withMask(Mask.causal(Mask.Alignment.offsets(1)));
    causal.compute(row(Float.NaN, 1), row(1, 1, 1), Results.of().withWeights(weights).withColumnSums(columnSums));
    assertThat(weights.get(0, 0, 0, 1)).isNaN();
    assertThat(weights.get(0, 0, 0, 2)).isZero();
    assertThat(columnSums[2]).isCloseTo(1 / 3f, within(1e-6f));
  }

  @Test
  void weightFunctionCannotUnmask() {
    Heads weights = Heads.zeros(1, 1, 2, 2);
    Heads output = Heads.zeros(1, 1, 2, 1);
    ATTENTION
        .withMask(Mask.causal())
        .withWeightFunction(
            (row, offset, length, b, head, query, firstKey) -> {
              for (int i = offset; i < offset + length; i++) {
                row[i] += 1;
              }
            })
        .compute(row(1, 1), row(1, 1), row(1, 1), Results.of().withWeights(weights).withOutput(output));
    assertThat(weights.get(0, 0, 0, 1)).isZero();
    assertThat(output.get(0, 0, 0, 0)).isEqualTo(2);
    assertThat(output.get(0, 0, 1, 0)).isEqualTo(3);
  }

  @Test
  void topKeysIgnoreNaN() {
    TopKeys top = TopKeys.of(2, 1, 1, 1);
    Attention relu = ATTENTION.withNormaliser(Normaliser.relu()).withScale(1);
    relu.compute(row(1), row(Float.NaN, 1, 5, 3), Results.of().withTopKeys(top));
    assertThat(top.key(0, 0, 0, 0)).isEqualTo(2);
    assertThat(top.key(0, 0, 0, 1)).isEqualTo(3);
  }

  @Test
  void resultsThatShareAnArrayAreRefused() {
    float[] shared = {1, 2};
    Heads query = Heads.of(shared, 1, 1, 2, 1);
    Heads key = row(1, 1);
    assertThatThrownBy(() -> ATTENTION.compute(query, key, Results.of().withLogSumExp(shared)))
        .hasMessageContaining("logSumExp [0, 2) overlaps query");
    assertThatThrownBy(() -> ATTENTION.compute(query, key, Results.of().withColumnSums(shared)))
        .hasMessageContaining("columnSums [0, 2) overlaps query");
    float[] output = new float[2];
    assertThatThrownBy(() -> ATTENTION.compute(query, key, key, Results.of().withOutput(row(output)).withLogSumExp(output)))
        .hasMessageContaining("logSumExp [0, 2) overlaps output");
    assertThat(shared).containsExactly(1, 2);
  }

  @Test
  void emptyWeightsMayBeginPastTheirArray() {
    Heads none = new Heads(new float[0], 3, 1, 1, 2, 0, 0, 0, 0);
    Heads output = row(7, 7);
    ATTENTION.compute(row(1, 1), Heads.zeros(1, 1, 0, 1), Heads.zeros(1, 1, 0, 1), Results.of().withWeights(none).withOutput(output));
    assertThat(output.data()).containsOnly(0);
  }
}
