package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Decoding divides its work into ranges of keys and heads: the bits are the same for any number of threads, and close to the reference. */
class DecodeCutsTest {
  private static final int HEADS = 10;
  private static final int KEY_HEADS = 5;
  private static final int WIDTH = 9;
  private static final int QUERIES = 2;

  @Test
  void rangesOfKeysAndHeadsMakeNoDifference() {
    int[] lengths = {0, 1, 511, 513, 1700};
    float[] sinks = {0, -1, 1, 0.5f, 2, 0, 0, 3, -2, 1};
    Heads query = Views.random(Views.Layout.DENSE, lengths.length, HEADS, QUERIES, WIDTH, 1);
    List<KeyValueCache> caches = new ArrayList<>();
    List<Heads> keys = new ArrayList<>();
    List<Heads> values = new ArrayList<>();
    for (int length : lengths) {
      Heads key = Views.random(Views.Layout.DENSE, 1, KEY_HEADS, length, WIDTH, 2 + length);
      Heads value = Views.random(Views.Layout.DENSE, 1, KEY_HEADS, length, WIDTH, 3 + length);
      KeyValueCache cache = KeyValueCache.builder(KEY_HEADS, WIDTH).capacity(1700).build();
      cache.append(key, value);
      caches.add(cache);
      keys.add(key);
      values.add(value);
    }
    for (Normaliser normaliser : List.of(Normaliser.softmax(), Normaliser.softmaxWithSinks(sinks))) {
      Attention attention = Attention.standard().withMask(Mask.causal()).withNormaliser(normaliser);
      Heads one = Heads.zeros(lengths.length, HEADS, QUERIES, WIDTH);
      float[] oneSum = new float[lengths.length * HEADS * QUERIES];
      attention.compute(query, caches, Results.of().withOutput(one).withLogSumExp(oneSum));
      for (int threads : new int[] {2, 3, 5, 8}) {
        for (int times = 0; times < 3; times++) {
          Heads many = Heads.zeros(lengths.length, HEADS, QUERIES, WIDTH);
          float[] sum = new float[oneSum.length];
          attention.withThreads(threads).compute(query, caches, Results.of().withOutput(many).withLogSumExp(sum));
          Views.assertSameBits(many.data(), one.data(), threads + " threads");
          Views.assertSameBits(sum, oneSum, "log-sum-exp on " + threads + " threads");
        }
      }
      for (int b = 0; b < lengths.length; b++) {
        Heads own = query.batch(b, b + 1);
        ReferenceAttention reference =
            ReferenceAttention.of(Attention.standard().withMask(Mask.causal()).withNormaliser(normaliser), own, keys.get(b), values.get(b));
        assertClose(one.data(), b * HEADS * QUERIES * WIDTH, reference.output());
        assertClose(oneSum, b * HEADS * QUERIES, reference.logSumExp());
      }
    }
    caches.forEach(KeyValueCache::close);
  }

  private static void assertClose(float[] actual, int from, double[] expected) {
    for (int i = 0; i < expected.length; i++) {
      float found = actual[from + i];
      assertThat(found == expected[i] || Math.abs(found - expected[i]) < 1e-5).as("%s: %s for %s", i, found, expected[i]).isTrue();
    }
  }
}
