package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** All paths through the loops over tiles, with several panels of queries and tiles of keys, compared with the reference. */
class FusedWaysTest {
  private static final int HEADS = 4;
  private static final int QUERIES = 34;
  private static final int KEYS = 700;
  private static final int WIDTH = 3;
  private final Heads query = Views.random(Views.Layout.DENSE, 1, HEADS, QUERIES, WIDTH, 1);
  private final Heads key = Views.random(Views.Layout.DENSE, 1, 2, KEYS, WIDTH, 2);
  private final Heads value = Views.random(Views.Layout.DENSE, 1, 2, KEYS, WIDTH, 3);

  private static void assertClose(String what, float[] actual, double[] expected) {
    double largest = 0;
    for (double x : expected) {
      largest = Math.max(largest, Double.isFinite(x) ? Math.abs(x) : 0);
    }
    assertThat(actual).as(what).hasSize(expected.length);
    for (int i = 0; i < actual.length; i++) {
      if (!(actual[i] == expected[i] || Math.abs(actual[i] - expected[i]) <= 1e-5 * largest)) {
        fail("%s: element %s is %s for %s", what, i, actual[i], expected[i]);
      }
    }
  }

  /** All results together, and each kind of pass separately. */
  private void verify(String what, Attention attention, ReferenceAttention reference) {
    Heads output = Heads.zeros(1, HEADS, QUERIES, WIDTH);
    attention.compute(query, key, value, output);
    double[] expected = reference.output();
    assertClose(what, output.data(), expected);
    Heads watched = Heads.zeros(1, HEADS, QUERIES, WIDTH);
    Heads scores = Heads.zeros(1, HEADS, QUERIES, KEYS);
    attention.compute(query, key, value, Results.of().withOutput(watched).withScores(Stage.MASKED, scores));
    assertClose(what + ", masked", scores.data(), reference.scores(Stage.MASKED));
    assertClose(what + ", scores watched", watched.data(), expected);
    Heads weights = Heads.zeros(1, HEADS, QUERIES, KEYS);
    float[] sums = new float[HEADS * KEYS];
    Heads divided = Heads.zeros(1, HEADS, QUERIES, WIDTH);
    attention.compute(
        query, key, value, Results.of().withOutput(divided).withWeights(weights).withColumnSums(sums).withScores(Stage.RAW, scores));
    assertClose(what + ", weights", weights.data(), reference.weights());
    assertClose(what + ", column sums", sums, reference.columnSums());
    assertClose(what + ", raw", scores.data(), reference.scores(Stage.RAW));
    assertClose(what + ", weights watched", divided.data(), expected);
  }

  @Test
  void masksNormalisersAndFunctions() {
    boolean[] apart = new boolean[QUERIES * KEYS]; // some keys of the first tile and of the last
    for (int i = 0; i < QUERIES; i++) {
      Arrays.fill(apart, i * KEYS + i, i * KEYS + 50, true);
      Arrays.fill(apart, i * KEYS + 660, i * KEYS + 661 + i, true);
    }
    RowFunction change =
        (row, offset, length, batchEntry, head, q, firstKey) -> {
          for (int i = 0; i < length; i++) {
            row[offset + i] = 0.5f * row[offset + i] + head - 0.01f * ((firstKey + i) % 7);
          }
        };
    for (Mask mask : List.of(Mask.none(), Mask.causal(), Mask.matrix(apart, QUERIES, KEYS))) {
      for (Normaliser normaliser : List.of(Normaliser.softmaxWithSinks(1, 0, -1, 2), Normaliser.relu())) {
        Attention attention = Attention.standard().withMask(mask).withNormaliser(normaliser);
        String what = mask + (normaliser.hasLogSumExp() ? " softmax" : " relu");
        verify(what, attention, ReferenceAttention.of(Attention.standard().withMask(mask).withNormaliser(normaliser), query, key, value));
        ReferenceAttention changed =
            ReferenceAttention.of(
                Attention.standard().withMask(mask).withNormaliser(normaliser).withScoreFunction(change), query, key, value);
        verify("function, " + what, attention.withScoreFunction(change), changed);
      }
    }
  }

  /** Two values near the largest float: their sum overflows, but their mean does not. Other rows and heads are not affected. */
  @Test
  void sumsBeyondTheLargestFloat() {
    float[] rows = new float[2 * KEYS];
    Arrays.fill(rows, 1);
    rows[KEYS] = rows[KEYS + 1] = 0.75f * Float.MAX_VALUE; // keys 0 and 1 of the second head
    Heads huge = Heads.of(rows, 1, 2, KEYS, 1);
    Heads flat = Heads.zeros(1, 2, KEYS, 1);
    float[] expected = new float[HEADS * QUERIES];
    Arrays.fill(expected, 1);
    for (int element = 2 * QUERIES; element < expected.length; element++) {
      int seen = Math.min(KEYS, element % QUERIES + 2);
      expected[element] = (float) ((1.5 * Float.MAX_VALUE + seen - 2) / seen);
    }
    Mask mask = Mask.causal(Mask.Alignment.offsets(1)); // query i sees keys 0 to i + 1
    for (int queries : new int[] {3, QUERIES}) {
      Heads ones = Heads.zeros(1, HEADS, queries, 1);
      Heads dense = Heads.zeros(1, HEADS, queries, 1);
      Attention attention = Attention.standard().withMask(mask);
      attention.compute(ones, flat, huge, dense);
      Heads decoded = Heads.zeros(1, HEADS, queries, 1);
      try (KeyValueCache cache = KeyValueCache.builder(2, 1).capacity(KEYS).build()) {
        cache.append(flat, huge);
        attention.compute(ones, cache, decoded);
      }
      for (int head = 0; head < HEADS; head++) {
        for (int i = 0; i < queries; i++) {
          float right = expected[head * QUERIES + i];
          assertThat(dense.get(0, head, i, 0)).as("dense %s %s", head, i).isBetween(right * 0.99999f, right * 1.00001f);
          assertThat(decoded.get(0, head, i, 0)).as("cached %s %s", head, i).isBetween(right * 0.99999f, right * 1.00001f);
        }
      }
    }
  }
}
