package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.PlainCache;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Promises of attention to cached keys at its limits, for each format. */
class CachedEdgesTest {
  private static final int HEADS = 2;
  private static final int DIM = 24;

  private static Heads random(int rows, long seed) {
    return Views.random(Layout.DENSE, 1, HEADS, rows, DIM, seed);
  }

  private static PlainCache cache(KeyValueFormat format, Heads key, Heads value) {
    return PlainCache.of(format, false, key, value, 0, key.rows(), new Random(Problem.SEED));
  }

  private static float[] compute(Attention attention, Heads query, CachedSequence... caches) {
    Heads output = Heads.zeros(query.batch(), query.heads(), query.rows(), caches[0].layout().valueWidth());
    attention.computeCached(query, caches, Results.of().withOutput(output));
    return output.data();
  }

  /** A mask or a bias of −∞ hides keys 70 to 79, which are not finite. The result is the same as without these keys. */
  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void contentsOfHiddenKeysDoNotMatter(KeyValueFormat format) {
    for (int queries : new int[] {1, 3, 40}) {
      Heads query = random(queries, 1);
      Heads key = random(80, 2);
      Heads value = random(80, 3);
      Mask mask = Mask.keyLengths(70);
      float[] bias = new float[80];
      Arrays.fill(bias, 70, 80, Float.NEGATIVE_INFINITY);
      Attention masked = Attention.standard().withMask(mask);
      Attention biased = Attention.standard().withBias(new Bias(bias, 0, 0, 0, 0, 1));
      float[] expected = compute(masked, query, cache(format, key, value));
      for (int i = 70; i < 80; i++) {
        for (int head = 0; head < HEADS; head++) {
          key.data()[key.index(0, head, i, i % DIM)] = i % 2 == 0 ? Float.NaN : Float.POSITIVE_INFINITY;
          value.data()[value.index(0, head, i, 5)] = i % 3 == 0 ? Float.NaN : Float.NEGATIVE_INFINITY;
        }
      }
      PlainCache special = cache(format, key, value);
      assertClose(compute(masked, query, special), expected);
      assertClose(compute(biased, query, special), expected);
      assertThat(compute(Attention.standard(), query, special)).as("seen").contains(Float.NaN);
    }
  }

  private static void assertClose(float[] actual, float[] expected) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i])).as("element %d, %s and %s", i, actual[i], expected[i]).isLessThanOrEqualTo(1e-5f);
    }
  }

  /** A NaN in one query affects only the query's own row. */
  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void aNanInAQueryAffectsOnlyItsRow(KeyValueFormat format) {
    Heads query = random(3, 1);
    PlainCache cache = cache(format, random(130, 2), random(130, 3));
    float[] expected = compute(Attention.standard(), query, cache);
    query.data()[query.index(0, 1, 1, 7)] = Float.NaN;
    float[] actual = compute(Attention.standard(), query, cache);
    for (int i = 0; i < actual.length; i++) {
      boolean poisoned = i / DIM == 3 + 1;
      assertThat(Float.valueOf(actual[i])).as("element %d", i).isEqualTo(Float.valueOf(poisoned ? Float.NaN : expected[i]));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 20})
  void noKeysGiveZero(int queries) {
    Heads query = random(queries, 1);
    Heads output = Views.filled(Layout.DENSE, 1, HEADS, queries, DIM, 7);
    float[] logSumExp = new float[HEADS * queries];
    CachedSequence[] empty = {cache(KeyValueFormat.F16, random(0, 2), random(0, 3))};
    Attention.standard().computeCached(query, empty, Results.of().withOutput(output).withLogSumExp(logSumExp));
    assertThat(output.data()).containsOnly(0);
    assertThat(logSumExp).containsOnly(Float.NEGATIVE_INFINITY);
  }

  /**
   * Sequences of all lengths in one call have the same bits as each of them alone, with blocks in any order and on any number of threads.
   */
  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void rowsHaveTheSameBitsAloneAndInABatch(KeyValueFormat format) {
    int[] lengths = {1, 17, 700, 64, 1500, 3};
    Heads query = Views.random(Layout.DENSE, lengths.length, 3 * HEADS, 2, DIM, 1);
    CachedSequence[] caches = new CachedSequence[lengths.length];
    for (int b = 0; b < lengths.length; b++) {
      caches[b] = cache(format, random(lengths[b], 10 + b), random(lengths[b], 20 + b));
    }
    Attention causal = Attention.standard().withMask(Mask.causal());
    float[] together = compute(causal, query, caches);
    for (int threads = 2; threads <= 5; threads++) {
      Views.assertSameBits(compute(causal.withThreads(threads), query, caches), together, threads + " threads");
    }
    int size = query.batchStride();
    for (int b = 0; b < lengths.length; b++) {
      Heads one = Heads.of(Arrays.copyOfRange(query.data(), b * size, (b + 1) * size), 1, 3 * HEADS, 2, DIM);
      PlainCache otherOrder =
          PlainCache.of(format, b % 2 == 0, random(lengths[b], 10 + b), random(lengths[b], 20 + b), 0, lengths[b], new Random(b));
      Views.assertSameBits(compute(causal, one, otherOrder), Arrays.copyOfRange(together, b * size, (b + 1) * size), "sequence " + b);
    }
  }

  /** Dropped rows have the same effect as masked rows, for whole blocks and parts of blocks. */
  @ParameterizedTest
  @ValueSource(ints = {1, 40})
  void droppedRowsAreHidden(int queries) {
    Heads query = random(queries, 1);
    PlainCache cache = cache(KeyValueFormat.F32, random(700, 2), random(700, 3));
    for (int[] dropped : new int[][] {{16, 640}, {0, 64}, {4, 650}, {32, 48}, {0, 690}}) {
      Mask mask = Mask.evaluate((b, head, i, j) -> j < dropped[0] || j >= dropped[1], 1, 1, queries, 700);
      float[] expected = compute(Attention.standard().withMask(mask), query, cache);
      float[] actual = compute(Attention.standard(), query, cache.drop(dropped[0], dropped[1]));
      Views.assertSameBits(actual, expected, "dropped " + Arrays.toString(dropped));
    }
  }

  /**
   * Halves are read with part of their exponent missing; this must not affect the largest and the smallest half, with large and small
   * queries.
   */
  @Test
  void halvesAtTheEndsOfTheirRange() {
    for (float queryScale : new float[] {1e-30f, 1, 1e25f}) {
      for (float keyScale : new float[] {6e-8f, 3e-5f, 1, 60000}) {
        Heads query = random(2, 1);
        Heads key = random(90, 2);
        Heads value = random(90, 3);
        scale(query, queryScale);
        scale(key, keyScale);
        scale(value, keyScale);
        PlainCache cache = cache(KeyValueFormat.F16, key, value);
        cache.readBack(key, value, 0);
        float scale = 1 / queryScale / keyScale;
        float[] actual = compute(Attention.standard().withScale(scale), query, cache);
        double[] expected = ReferenceAttention.of(Attention.standard().withScale(scale), query, key, value).output();
        for (int i = 0; i < actual.length; i++) {
          assertThat(Math.abs(actual[i] - expected[i])).as("query %s, key %s", queryScale, keyScale).isLessThan(keyScale * 1e-5);
        }
      }
    }
  }

  private static void scale(Heads heads, float factor) {
    for (int i = 0; i < heads.data().length; i++) {
      heads.data()[i] = Math.clamp(heads.data()[i] * factor / 4, -65000f, 65000f);
    }
  }

  /** For normal random numbers with a scale for each row, the mean error of the output is below 1 % of its mean absolute value. */
  @Test
  void integersCostLessThanOnePercent() {
    Random random = new Random(Problem.SEED);
    Heads query = gaussian(8, 1, 64, random);
    Heads key = gaussian(8, 2000, 64, random);
    Heads value = gaussian(8, 2000, 64, random);
    PlainCache cache = PlainCache.of(KeyValueFormat.INT8, false, key, value, 0, 2000, random);
    float[] actual = compute(Attention.standard(), query, cache);
    double[] expected = ReferenceAttention.of(Attention.standard(), query, key, value).output();
    double error = 0;
    double size = 0;
    for (int i = 0; i < actual.length; i++) {
      error += Math.abs(actual[i] - expected[i]);
      size += Math.abs(expected[i]);
    }
    assertThat(error / size).isLessThan(0.01);
  }

  private static Heads gaussian(int heads, int rows, int width, Random random) {
    Heads view = Heads.zeros(1, heads, rows, width);
    for (int i = 0; i < view.data().length; i++) {
      view.data()[i] = (float) random.nextGaussian();
    }
    return view;
  }

  @Test
  void wrongCallsNameTheArgumentAndBothNumbers() {
    KeyValueCache cache = KeyValueCache.builder(2, DIM).capacity(32).build();
    cache.append(random(20, 2), random(20, 3));
    Heads query = random(1, 1);
    Heads output = Heads.zeros(1, HEADS, 1, DIM);
    Attention attention = Attention.standard();
    List<KeyValueCache> two = List.of(cache, cache);
    assertThatThrownBy(() -> attention.compute(query, two, output)).hasMessageContaining("caches is 2").hasMessageContaining("1");
    assertThatThrownBy(() -> attention.compute(query, List.of(), output)).isInstanceOf(IllegalArgumentException.class);
    Heads wide = Heads.zeros(1, 2, 1, DIM + 1);
    assertThatThrownBy(() -> attention.compute(wide, cache, output)).hasMessageContaining("25").hasMessageContaining("24");
    Heads three = Heads.zeros(1, 3, 1, DIM);
    assertThatThrownBy(() -> attention.compute(three, cache, three)).hasMessageContaining("query.heads is 3").hasMessageContaining("2");
    assertThatThrownBy(() -> attention.compute(query, cache, wide)).hasMessageContaining("output.width is 25").hasMessageContaining("24");
    assertThatThrownBy(() -> attention.compute(query, cache, query)).hasMessageContaining("output").hasMessageContaining("query");
    Attention longer = attention.withMask(Mask.keyLengths(21));
    assertThatThrownBy(() -> longer.compute(query, cache, output)).hasMessageContaining("21").hasMessageContaining("20");
    KeyValueCache other = KeyValueCache.builder(2, DIM).format(KeyValueFormat.INT8).capacity(32).build();
    List<KeyValueCache> mixed = new ArrayList<>(List.of(cache, other));
    Heads batch = Heads.zeros(2, HEADS, 1, DIM);
    assertThatThrownBy(() -> attention.compute(batch, mixed, Heads.zeros(2, HEADS, 1, DIM))).hasMessageContaining("caches[1]");
    cache.close();
    assertThatThrownBy(() -> attention.compute(query, cache, output)).isInstanceOf(IllegalStateException.class);
    assertThat(output.data()).containsOnly(0);
  }
}
