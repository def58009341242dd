package dev.lanewise.core;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.testing.Sample;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A row of softmax attention over keys in f32 has the same bits in every call that shows it the same keys: a step, a step of several
 * queries, a chunk that the fused kernel computes over the cache, and a pass over arrays; on any number of threads.
 */
class SameBitsTest {
  private static final int HEADS = 4;
  private static final int KEY_HEADS = 2;
  private static final int QUERIES = 24;
  private static final int[] KEYS = {24, 63, 64, 65, 319, 320, 321, 640, 641, 1280, 1281, 2000, 2561};
  private static final int[] WIDTHS = {1, 5, 16, 31, 32, 64, 80, 128};

  /** Operands of one call. */
  private record Call(String name, int keys, int width, float queryFactor, Attention attention) {
    @Override
    public String toString() {
      return name + ", " + keys + " keys, width " + width + ", queries times " + queryFactor;
    }
  }

  static Stream<Call> calls() {
    boolean plain = Kernels.selected() == Kernels.scalar(); // computes a row alone, whatever the width, and takes ten times as long
    List<int[]> sizes = new ArrayList<>();
    for (int j = 0; j < (plain ? 1 : 3); j++) {
      for (int i = 0; i < KEYS.length; i++) {
        sizes.add(new int[] {KEYS[i], WIDTHS[(i + 3 * j) % WIDTHS.length], (plain ? i % 2 : j) == 0 ? 1 : 6});
      }
    }
    return Sample.pairs(sizes, List.copyOf(variants(1).keySet()), (size, name) -> call(name, size[0], size[1], size[2]));
  }

  /** With a large factor the base of a row moves. */
  private static Call call(String name, int keys, int width, float factor) {
    return new Call(name, keys, width, factor, Objects.requireNonNull(variants(keys).get(name)));
  }

  /** The bias, the matrix and the distances align the last query with the last key, as the causal mask does. */
  private static Map<String, Attention> variants(int keys) {
    Attention plain = Attention.standard().withMask(Mask.causal());
    float[] bias = Views.randomArray(HEADS * keys, 1, 4);
    boolean[] seen = new boolean[keys];
    for (int key = 0; key < keys; key++) {
      seen[key] = key % 7 != 3 && key / 64 % 3 != 1;
    }
    Mask holes = Mask.matrix(seen, 1, 1, 1, keys);
    float[] slopes = {0.01f, 0.5f, -0.02f, 3};
    Normaliser sinks = Normaliser.softmaxWithSinks(0, -3, 2, 1);
    Bias ofKeys = Bias.of(bias, 1, HEADS, 1, keys);
    Map<String, Attention> variants = new LinkedHashMap<>();
    variants.put("causal", plain);
    variants.put("window", plain.withMask(Mask.window(70, 0)));
    variants.put("holes", plain.withMask(Mask.causal().and(holes)));
    variants.put("distances", plain.withAlibi(slopes));
    variants.put("softcap", plain.withSoftcap(3));
    variants.put("bias", plain.withBias(ofKeys));
    variants.put("sinks", plain.withNormaliser(sinks));
    variants.put("function", plain.withScoreFunction(SameBitsTest::scaleByKey));
    variants.put("all", plain.withMask(Mask.causal().and(holes)).withAlibi(slopes).withSoftcap(5).withBias(ofKeys).withNormaliser(sinks));
    return variants;
  }

  private static void scaleByKey(float[] row, int offset, int length, int batchEntry, int queryHead, int query, int firstKey) {
    for (int i = 0; i < length; i++) {
      row[offset + i] *= 1 + (firstKey + i) % 5;
    }
  }

  @ParameterizedTest
  @MethodSource("calls")
  void stepsOfAnyNumberOfQueries(Call call) {
    Rows rows = new Rows(call);
    try (KeyValueCache cache = rows.cache()) {
      float[] step = rows.last(1, call.attention(), cache);
      for (int queries : new int[] {2, 4, 7, 16}) {
        Views.assertSameBits(rows.last(queries, call.attention().withThreads(queries % 3 + 1), cache), step, queries + " queries: " + call);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("calls")
  void stepsAndChunksAndPasses(Call call) {
    Rows rows = new Rows(call);
    try (KeyValueCache cache = rows.cache()) {
      float[] step = rows.last(1, call.attention(), cache);
      for (int threads = 1; threads <= 2; threads++) {
        Attention attention = call.attention().withThreads(threads);
        Views.assertSameBits(rows.last(17, attention, cache), step, "a chunk of 17: " + call);
        Views.assertSameBits(rows.last(QUERIES, attention, cache), step, "a chunk of " + QUERIES + ": " + call);
        Views.assertSameBits(rows.last(1, attention, null), step, "one query over arrays: " + call);
        Views.assertSameBits(rows.last(QUERIES, attention, null), step, "a pass over arrays: " + call);
      }
    }
  }

  /** The operands of a call, and its last query alone or among others. */
  private static final class Rows {
    final Heads query;
    final Heads key;
    final Heads value;

    Rows(Call call) {
      query = Views.random(Views.Layout.DENSE, 1, HEADS, QUERIES, call.width(), 1 + call.keys());
      key = Views.random(Views.Layout.DENSE, 1, KEY_HEADS, call.keys(), call.width(), 2 + call.width());
      value = Views.random(Views.Layout.DENSE, 1, KEY_HEADS, call.keys(), call.width(), 3);
      for (int i = 0; i < query.data().length; i++) {
        query.data()[i] *= call.queryFactor();
      }
    }

    KeyValueCache cache() {
      KeyValueCache cache = KeyValueCache.builder(KEY_HEADS, key.width()).capacity(key.rows()).build();
      cache.append(key, value);
      return cache;
    }

    /** Output and log-sum-exp of the last query of each head, computed with {@code queries} − 1 before it. */
    float[] last(int queries, Attention attention, @Nullable KeyValueCache cache) {
      Heads rows = query.rows(QUERIES - queries, QUERIES);
      Heads output = Heads.zeros(1, HEADS, queries, key.width());
      float[] logSumExp = new float[HEADS * queries];
      Results results = Results.of().withOutput(output).withLogSumExp(logSumExp);
      if (cache == null) {
        attention.compute(rows, key, value, results);
      } else {
        attention.compute(rows, List.of(cache), results);
      }
      float[] last = new float[HEADS * (key.width() + 1)];
      for (int head = 0; head < HEADS; head++) {
        int to = head * (key.width() + 1);
        System.arraycopy(output.data(), output.index(0, head, queries - 1, 0), last, to, key.width());
        last[to + key.width()] = logSumExp[(head + 1) * queries - 1];
      }
      return last;
    }
  }
}
