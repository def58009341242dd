package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Calls in which a row has the same bits: steps of 1 to 16 queries over a cache, passes with more queries, dense keys. On SIMD a step over
 * INT8 differs from a pass, and on all paths an output beside weights may differ from one without them; both stay close.
 */
class StepAndPassTest {
  private static final int HEADS = 4;
  private static final int KEY_HEADS = 2;
  private static final int WIDTH = 24;
  private static final int KEYS = 1300;
  private static final int QUERIES = 40;

  private final Heads query = Views.random(Views.Layout.DENSE, 1, HEADS, QUERIES, WIDTH, 1);
  private final Heads key = Views.random(Views.Layout.DENSE, 1, KEY_HEADS, KEYS, WIDTH, 2);
  private final Heads value = Views.random(Views.Layout.DENSE, 1, KEY_HEADS, KEYS, WIDTH, 3);

  /** The outputs of the last {@code queries} queries. The mask is causal, so each row sees the same keys in every call. */
  private float[] last(int queries, Attention attention, @Nullable KeyValueCache cache, Results results) {
    Heads rows = query.rows(QUERIES - queries, QUERIES);
    Heads output = Heads.zeros(1, HEADS, queries, WIDTH);
    Results all = results.withOutput(output);
    if (cache == null) {
      attention.compute(rows, key, value, all);
    } else {
      attention.compute(rows, List.of(cache), all);
    }
    float[] dense = new float[HEADS * WIDTH];
    for (int head = 0; head < HEADS; head++) {
      System.arraycopy(output.data(), output.index(0, head, queries - 1), dense, head * WIDTH, WIDTH);
    }
    return dense;
  }

  @Test
  void stepsAndPassesAreAlike() {
    for (Kernels kernels : TestedKernels.all()) {
      Attention attention = Attention.standard().withKernels(kernels).withMask(Mask.causal());
      for (KeyValueFormat format : KeyValueFormat.values()) {
        try (KeyValueCache cache = KeyValueCache.builder(KEY_HEADS, WIDTH).format(format).capacity(KEYS).build()) {
          cache.append(key, value);
          float[] step = last(1, attention, cache, Results.of());
          float[] pass = last(17, attention, cache, Results.of());
          for (int threads = 1; threads <= 3; threads++) {
            for (int queries : new int[] {2, 3, 5, 16}) {
              float[] row = last(queries, attention.withThreads(threads), cache, Results.of());
              Views.assertSameBits(row, step, format + ", a step of " + queries);
            }
            for (int queries : new int[] {18, 33, QUERIES}) {
              float[] row = last(queries, attention.withThreads(threads), cache, Results.of());
              Views.assertSameBits(row, pass, format + ", a pass of " + queries);
            }
          }
          if (format == KeyValueFormat.INT8 && kernels != Kernels.scalar()) {
            assertApart(step, pass, 5e-7);
          } else {
            Views.assertSameBits(step, pass, format + ", a step and a pass");
          }
          if (format == KeyValueFormat.F32) {
            Views.assertSameBits(last(1, attention, null, Results.of()), pass, "one query against dense keys");
            Views.assertSameBits(last(QUERIES, attention, null, Results.of()), pass, "all queries against dense keys");
          }
          Heads scores = Heads.zeros(1, HEADS, 1, KEYS);
          Views.assertSameBits(last(1, attention, cache, Results.of().withScores(Stage.RAW, scores)), pass, "a step that asks for scores");
          float[] weighed = last(1, attention, cache, Results.of().withWeights(Heads.zeros(1, HEADS, 1, KEYS)));
          Heads weights = Heads.zeros(1, HEADS, 17, KEYS);
          Views.assertSameBits(last(17, attention, cache, Results.of().withWeights(weights)), weighed, "17 queries with weights");
          assertApart(weighed, pass, kernels == Kernels.scalar() ? 0 : 5e-7);
        }
      }
    }
  }

  private static void assertApart(float[] left, float[] right, double part) {
    double largest = 0;
    double apart = 0;
    for (int i = 0; i < left.length; i++) {
      largest = Math.max(largest, Math.abs(right[i]));
      apart = Math.max(apart, Math.abs((double) left[i] - right[i]));
    }
    assertThat(apart).as("apart, of %s: %s", largest, Arrays.toString(left)).isLessThanOrEqualTo(part * Math.max(largest, 1));
  }
}
