package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Numbers near the limits of float, on this JVM's kernels and on plain Java. */
class EdgeNumbersTest {
  private static final float NAN = Float.NaN;
  private static final float INFINITY = Float.POSITIVE_INFINITY;

  static Stream<Attention> attentions() {
    return Stream.of(Attention.standard(), Attention.standard().withKernels(Kernels.scalar()));
  }

  /** A column of rows of width 1. */
  private static Heads column(float... data) {
    return Heads.of(data, 1, 1, data.length, 1);
  }

  private static float[] filled(int length, float value) {
    float[] data = new float[length];
    Arrays.fill(data, value);
    return data;
  }

  /** The weights of a single query with element 1, for which each key is its own score. */
  private static float[] weights(Attention attention, float... scores) {
    Heads weights = Heads.zeros(1, 1, 1, scores.length);
    attention.compute(column(1), column(scores), Results.of().withWeights(weights));
    return weights.data();
  }

  private static float output(Attention attention, Heads query, Heads key, Heads value) {
    Heads output = column(-77);
    attention.compute(query, key, value, output);
    return output.data()[0];
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void logitsOfAnySizeKeepTheirWeights(Attention attention) {
    assertThat(weights(attention, 1e4f, -1e4f)).containsExactly(1, 0);
    assertThat(weights(attention, -1e4f, -1e4f)).containsExactly(0.5f, 0.5f);
    assertThat(weights(attention, 3e38f, -3e38f, 1)).containsExactly(1, 0, 0);
    assertThat(weights(attention, 3e38f, 3e38f)).containsExactly(0.5f, 0.5f);
    assertThat(weights(attention, -3e38f, -3e38f, -3e38f, -3e38f)).containsOnly(0.25f);
    assertThat(weights(attention, -Float.MAX_VALUE, Float.MAX_VALUE)).containsExactly(0, 1);
    assertThat(weights(attention, -3e38f)).containsExactly(1);
    assertThat(weights(attention, Float.MIN_VALUE, 0, -1e-40f)).containsOnly(1 / 3f);
    float[] oneHuge = filled(400, 1);
    oneHuge[399] = 1e30f;
    assertThat(weights(attention, oneHuge)[399]).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void hugeLogitsHaveTheirLogSumExp(Attention attention) {
    float[] logSumExp = new float[1];
    Heads output = column(0);
    for (float score : new float[] {1e4f, -1e4f, 3e38f, -3e38f, 1e-40f}) {
      attention.compute(column(1), column(score, score), column(3, 5), Results.of().withOutput(output).withLogSumExp(logSumExp));
      assertThat(logSumExp[0]).as("of %s", score).isEqualTo((float) (score + Math.log(2)));
      assertThat(output.data()[0]).as("of %s", score).isEqualTo(4);
    }
  }

  /** Once infinite in decoding: a sink so far above the scores that e to their distance overflows. */
  @ParameterizedTest
  @MethodSource("attentions")
  void aSinkMayBeFarAboveAllScores(Attention attention) {
    Attention sinks = attention.withNormaliser(Normaliser.softmaxWithSinks(-2));
    float[] logSumExp = new float[1];
    Heads output = column(-77);
    try (KeyValueCache cache = KeyValueCache.builder(1, 1).capacity(3).build()) {
      cache.append(column(-1e17f, -3e4f, -1e5f), column(1, 2, 3));
      sinks.compute(column(1), List.of(cache), Results.of().withOutput(output).withLogSumExp(logSumExp));
    }
    assertThat(logSumExp).containsExactly(-2);
    assertThat(output.data()).containsExactly(0);
    sinks.compute(column(1), column(-1e17f, -3e4f, -1e5f), column(1, 2, 3), Results.of().withOutput(output).withLogSumExp(logSumExp));
    assertThat(logSumExp).containsExactly(-2);
    assertThat(output.data()).containsExactly(0);
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void otherNormalisersTakeHugeScores(Attention attention) {
    assertThat(weights(attention.withNormaliser(Normaliser.relu()), 3e38f, -3e38f)).containsExactly(3e38f, 0);
    assertThat(weights(attention.withNormaliser(Normaliser.sigmoid()), 3e38f, -3e38f, 0)).containsExactly(1, 0, 0.5f);
    assertThat(weights(attention.withNormaliser(Normaliser.linear()), 3e38f, -3e38f)).containsExactly(3e38f, -3e38f);
    assertThat(weights(attention.withNormaliser(Normaliser.squaredRelu()), 1e19f, -1e30f)[0]).isCloseTo(1e38f, within(1e32f));
    assertThat(weights(attention.withSoftcap(60), 3e38f, -3e38f)).containsExactly(1, 0);
  }

  /** Once NaN or 0: the inverse length of such rows is no float. */
  @ParameterizedTest
  @MethodSource("attentions")
  void theCosineOfRowsOfAnyLength(Attention attention) {
    for (float left : new float[] {Float.MIN_VALUE, 0x1p-133f, 1, 1e20f, 2e38f}) {
      for (float right : new float[] {Float.MIN_VALUE, 0x1p-133f, 1, 1e20f, 2e38f}) {
        Heads scores = Heads.zeros(1, 1, 1, 3);
        Heads query = Heads.of(new float[] {left, 0, -left}, 1, 1, 1, 3);
        Heads key = Heads.of(new float[] {right, 0, -right, 0, right, 0, right, right, right}, 1, 1, 3, 3);
        attention.withSimilarity(Similarity.cosine()).compute(query, key, Results.of().withScores(Stage.RAW, scores));
        assertThat(scores.data()[0]).as("%s and %s", left, right).isCloseTo(1, within(1e-6f));
        assertThat(scores.data()[1]).as("%s and %s", left, right).isZero();
        assertThat(scores.data()[2]).as("%s and %s", left, right).isCloseTo(0, within(1e-6f));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void denormalValuesSurvive(Attention attention) {
    float output = output(attention, column(0), column(1, 1, 1, 1), column(0x1p-131f, 0x1p-131f, 0, 0));
    assertThat(output).isCloseTo(0x1p-132f, within(0x1p-146f));
  }

  /** A number that is not finite has no effect in a masked key or value, and has an effect where it is visible. */
  @ParameterizedTest
  @MethodSource("attentions")
  void nonFiniteNumbersCountOnlyWhereVisible(Attention attention) {
    for (int keys : new int[] {2, 70, 400}) {
      for (float special : new float[] {NAN, INFINITY, -INFINITY}) {
        Heads key = column(filled(keys, 1));
        Heads value = column(filled(keys, 2));
        key.data()[keys - 1] = special;
        Attention masked = attention.withMask(Mask.keyLengths(keys - 1));
        assertThat(output(masked, column(1), key, value)).as("masked key %s", special).isCloseTo(2, within(1e-5f));
        float[] bias = new float[keys];
        bias[keys - 1] = -INFINITY;
        Attention biased = attention.withBias(Bias.of(bias, bias.length));
        assertThat(output(biased, column(1), key, value)).as("key %s behind -inf", special).isCloseTo(2, within(1e-5f));
        float seen = output(attention, column(1), key, value);
        // a score of −∞ has weight 0; a score of +∞ has all the weight, and gives NaN
        if (special == -INFINITY) {
          assertThat(seen).as("seen key %s", special).isCloseTo(2, within(1e-5f));
        } else {
          assertThat(seen).as("seen key %s", special).isNaN();
        }
        key.data()[keys - 1] = 1;
        value.data()[keys - 1] = special;
        assertThat(output(masked, column(1), key, value)).as("masked value %s", special).isCloseTo(2, within(1e-5f));
        assertThat(Float.valueOf(output(attention, column(1), key, value))).as("seen value %s", special).isEqualTo(Float.valueOf(special));
        value.data()[keys - 1] = 2;
        assertThat(Float.valueOf(output(attention, column(special), key, value)))
            .as("query %s", special)
            .isEqualTo(Float.valueOf(special == -INFINITY ? 0 : NAN));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("attentions")
  void noKeysNoQueriesOneKey(Attention attention) {
    Heads none = Heads.zeros(1, 1, 0, 1);
    float[] logSumExp = {-77};
    Heads output = column(-77);
    attention.compute(column(NAN), none, none, Results.of().withOutput(output).withLogSumExp(logSumExp));
    assertThat(output.data()).containsExactly(0);
    assertThat(logSumExp).containsExactly(-INFINITY);
    attention.compute(none, column(1), column(1), Results.of().withOutput(none).withLogSumExp(new float[0]));
    assertThat(output(attention, column(-5), column(1e4f), column(7))).isEqualTo(7);
    Heads nothing = column(filled(3, -77));
    attention.withMask(Mask.causal(Mask.Alignment.offsets(-3))).compute(column(1, NAN, 1), column(1, 2), column(3, NAN), nothing);
    assertThat(nothing.data()).containsOnly(0);
  }

  /** A million weights: exact for equal scores; for other scores their sum is 1, and the mean is within the budget. */
  @Test
  void aMillionKeysAndOneQuery() {
    int keys = 1 << 20;
    Heads ones = column(filled(keys, 1));
    Random random = new Random(Problem.SEED);
    Heads scores = column(new float[keys]);
    Heads values = column(new float[keys]);
    for (int j = 0; j < keys; j++) {
      scores.data()[j] = (float) random.nextGaussian();
      values.data()[j] = (float) (1 + random.nextGaussian());
    }
    ReferenceAttention reference = ReferenceAttention.of(Attention.standard(), column(1), scores, values);
    ReferenceAttention plain = reference.inFloat();
    double off = Math.abs(DoubleStream.of(plain.weights()).sum() - 1);
    for (int threads : new int[] {1, 3}) {
      Attention attention = Attention.standard().withThreads(threads);
      Heads weights = Heads.zeros(1, 1, 1, keys);
      float[] logSumExp = new float[1];
      Heads output = column(0);
      Results results = Results.of().withWeights(weights).withOutput(output).withLogSumExp(logSumExp);
      attention.compute(column(1), ones, ones, results);
      assertThat(output.data()[0]).isCloseTo(1, within(1e-6f));
      assertThat(logSumExp[0]).isCloseTo((float) (1 + Math.log(keys)), within(2e-6f));
      assertThat(weights.data()[keys / 3]).isEqualTo(1f / keys);
      attention.compute(column(1), scores, values, results);
      assertThat(sum(weights.data())).isCloseTo(1, within(2 * off + 1e-6));
      Budget.assertWithin("output", output.data(), plain.output(), reference.output());
      Budget.assertWithin("weights", weights.data(), plain.weights(), reference.weights());
      Budget.assertWithin("log-sum-exp", logSumExp, plain.logSumExp(), reference.logSumExp());
    }
  }

  private static double sum(float[] weights) {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }

  /** The same keys in a cache, where the results of ranges of keys are merged. */
  @Test
  void aMillionCachedKeys() {
    int keys = 1 << 20;
    float[] scores = new float[keys];
    float[] values = new float[keys];
    Random random = new Random(Problem.SEED);
    for (int j = 0; j < keys; j++) {
      scores[j] = (float) random.nextGaussian();
      values[j] = (float) (1 + random.nextGaussian());
    }
    ReferenceAttention reference = ReferenceAttention.of(Attention.standard(), column(1), column(scores), column(values));
    try (KeyValueCache cache = KeyValueCache.builder(1, 1).capacity(keys).build()) {
      cache.append(column(scores), column(values));
      Heads output = column(0);
      Attention.standard().compute(column(1), cache, output);
      Budget.assertWithin("output", output.data(), reference.inFloat().output(), reference.output());
    }
  }
}
