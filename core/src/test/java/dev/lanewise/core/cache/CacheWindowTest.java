package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.testing.Sample;
import dev.lanewise.testing.TestedKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A query of a cache with a window sees exactly its sinks and its window, however the rows were appended. */
class CacheWindowTest {
  private static final int HEADS = 2;
  private static final int DIM = 8;

  /** The last row of 65 sees key 0 and keys 57 to 64: 484 / 9. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 64, 65})
  void theReportedExample(int atOnce) {
    for (Mask mask : List.of(Mask.none(), Mask.causal(), Mask.window(7, 0).withSinks(1))) {
      try (KeyValueCache cache = KeyValueCache.builder(1, 1).window(8, 1).build()) {
        for (int row = 0; row < 65; row += atOnce) {
          Heads value = Heads.zeros(1, 1, Math.min(atOnce, 65 - row), 1);
          for (int i = 0; i < value.rows(); i++) {
            value.data()[i] = row + i;
          }
          cache.append(Heads.zeros(1, 1, value.rows(), 1), value);
        }
        Heads output = Heads.zeros(1, 1, 1, 1);
        for (Kernels kernels : TestedKernels.all()) {
          Attention.standard().withKernels(kernels).withMask(mask).compute(Heads.zeros(1, 1, 1, 1), cache, output);
          assertThat(output.data()[0]).isCloseTo(484f / 9, Offset.offset(1e-5f));
        }
      }
    }
  }

  static LongStream seeds() {
    return Sample.seeds(1, 6);
  }

  /** Random appends, truncations and queries, compared with attention to plain lists of the same rows with the mask of the window. */
  @ParameterizedTest
  @MethodSource("seeds")
  void historiesDoNotMatter(long seed) {
    Random random = new Random(Problem.SEED + seed);
    for (int round = 0; round < 12; round++) {
      int window = 1 + random.nextInt(round % 2 == 0 ? 20 : 90);
      int sinks = random.nextInt(3) == 0 ? 0 : random.nextInt(40);
      String about = "window " + window + ", sinks " + sinks + ", round " + round + ", seed " + (Problem.SEED + seed);
      try (KeyValuePool pool = KeyValuePool.builder(HEADS, DIM).pages(200).build();
          KeyValueCache cache =
              round % 3 == 0 ? pool.newCache(window, sinks) : KeyValueCache.builder(HEADS, DIM).window(window, sinks).build()) {
        history(cache, window, sinks, random, about);
      }
    }
  }

  private static void history(KeyValueCache cache, int window, int sinks, Random random, String about) {
    List<float[]> keys = new ArrayList<>();
    List<float[]> values = new ArrayList<>();
    for (int step = 0; step < 40; step++) {
      int before = keys.size();
      int more = random.nextInt(3) > 0 ? 1 : 1 + random.nextInt(60);
      for (int i = 0; i < more; i++) {
        keys.add(row(random));
        values.add(row(random));
      }
      cache.append(heads(keys.subList(before, before + more)), heads(values.subList(before, before + more)));
      compare(cache, keys, values, 1 + random.nextInt(more), Mask.window(window - 1, 0).withSinks(sinks), random, about + ", step " + step);
      if (random.nextInt(3) == 0) { // never further than the last append
        int left = before + random.nextInt(more + 1);
        cache.truncate(left);
        keys.subList(left, keys.size()).clear();
        values.subList(left, values.size()).clear();
        compare(
            cache,
            keys,
            values,
            Math.clamp(left - before, 1, 5),
            Mask.window(window - 1, 0).withSinks(sinks),
            random,
            about + ", after truncate");
      }
    }
  }

  private static void compare(
      KeyValueCache cache, List<float[]> keys, List<float[]> values, int queries, Mask window, Random random, String about) {
    Mask apart = Mask.window(random.nextInt(9), 2).withSinks(3).withAlignment(Mask.Alignment.offsets(random.nextInt(keys.size() + 1)));
    Mask mask = List.of(Mask.causal(), Mask.none(), Mask.windowUpTo(0).or(window), apart).get(random.nextInt(4));
    Heads query = Views.random(Views.Layout.DENSE, 1, HEADS, queries, DIM, random.nextLong());
    double[] expected = ReferenceAttention.of(Attention.standard().withMask(mask.and(window)), query, heads(keys), heads(values)).output();
    Heads output = Heads.zeros(1, HEADS, queries, DIM);
    for (Kernels kernels : TestedKernels.all()) {
      Attention.standard().withKernels(kernels).withMask(mask).withThreads(2).compute(query, cache, output);
      for (int i = 0; i < expected.length; i++) {
        assertThat(Math.abs(output.data()[i] - expected[i])).as(about + ", " + queries + " queries, element " + i).isLessThan(1e-5);
      }
    }
  }

  private static float[] row(Random random) {
    float[] row = new float[HEADS * DIM];
    for (int i = 0; i < row.length; i++) {
      row[i] = 2 * random.nextFloat() - 1;
    }
    return row;
  }

  private static Heads heads(List<float[]> rows) {
    Heads heads = Heads.zeros(1, HEADS, rows.size(), DIM);
    for (int i = 0; i < rows.size(); i++) {
      for (int h = 0; h < HEADS; h++) {
        System.arraycopy(rows.get(i), h * DIM, heads.data(), heads.index(0, h, i), DIM);
      }
    }
    return heads;
  }

  /** Caches with different windows, and one without, in one call. */
  @Test
  void eachCacheOfABatchHasItsOwnWindow() {
    int[] windows = {5, 30, 0};
    Heads key = Views.random(Views.Layout.DENSE, 3, HEADS, 50, DIM, 1);
    Heads value = Views.random(Views.Layout.DENSE, 3, HEADS, 50, DIM, 2);
    List<KeyValueCache> caches = new ArrayList<>();
    for (int window : windows) {
      var builder = KeyValueCache.builder(HEADS, DIM);
      caches.add((window == 0 ? builder.capacity(50) : builder.window(window, window / 10)).build());
    }
    KeyValueCache.appendAll(caches, key, value);
    for (int queries : new int[] {1, 50}) {
      Heads query = Views.random(Views.Layout.DENSE, 3, HEADS, queries, DIM, 3);
      Heads output = Heads.zeros(3, HEADS, queries, DIM);
      Attention.standard().withMask(Mask.causal()).compute(query, caches, output);
      Mask rule =
          Mask.evaluate((b, h, i, j) -> windows[b] == 0 || j < windows[b] / 10 || j > i + 50 - queries - windows[b], 3, 1, queries, 50);
      double[] expected = ReferenceAttention.of(Attention.standard().withMask(rule.and(Mask.causal())), query, key, value).output();
      for (int i = 0; i < expected.length; i++) {
        assertThat(Math.abs(output.data()[i] - expected[i])).as("%d queries, element %d", queries, i).isLessThan(1e-5);
      }
    }
    caches.forEach(KeyValueCache::close);
  }

  /** A mask over all keys at once, a cache filled by several appends, and single steps show the same rows. */
  @Test
  void aMaskShowsWhatTheCacheShows() {
    int rows = 700;
    Heads key = Views.random(Views.Layout.DENSE, 1, HEADS, rows, DIM, 1);
    Heads value = Views.random(Views.Layout.DENSE, 1, HEADS, rows, DIM, 2);
    Heads query = Views.random(Views.Layout.DENSE, 1, HEADS, rows, DIM, 3);
    Heads whole = Heads.zeros(1, HEADS, rows, DIM);
    Attention.standard().withMask(Mask.window(19, 0).withSinks(3)).compute(query, key, value, whole);
    try (KeyValueCache cache = KeyValueCache.builder(HEADS, DIM).window(20, 3).build()) {
      int row = 0;
      for (int more : new int[] {100, 1, 1, 16, 17, 3, 400, 1, 161}) {
        cache.append(key.rows(row, row + more), value.rows(row, row + more));
        Heads output = Heads.zeros(1, HEADS, more, DIM);
        Attention.standard().compute(query.rows(row, row + more), cache, output);
        for (int h = 0; h < HEADS; h++) {
          for (int i = 0; i < more * DIM; i++) {
            float expected = whole.data()[whole.index(0, h, row) + i];
            assertThat(Math.abs(output.data()[output.index(0, h, 0) + i] - expected)).as("row %d", row + i / DIM).isLessThan(1e-5f);
          }
        }
        row += more;
      }
    }
  }

  /**
   * The bits do not depend on how rows were appended, nor on special rows outside the window that one cache still has and another has
   * dropped.
   */
  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void historiesDoNotChangeABit(KeyValueFormat format) {
    Random random = new Random(Problem.SEED);
    for (int round = 0; round < 60; round++) {
      int rows = 40 + random.nextInt(300);
      int window = 1 + random.nextInt(60);
      int sinks = random.nextInt(2) * random.nextInt(30);
      int queries = 1 + random.nextInt(round % 2 == 0 ? 5 : 25);
      Heads key = Views.random(Views.Layout.DENSE, 1, HEADS, rows, DIM, random.nextLong());
      Heads value = Views.random(Views.Layout.DENSE, 1, HEADS, rows, DIM, random.nextLong());
      for (int n = random.nextInt(4); n > 0; n--) {
        value.data()[value.index(0, 0, random.nextInt(rows))] = n % 2 == 0 ? Float.NaN : Float.POSITIVE_INFINITY;
      }
      Heads query = Views.random(Views.Layout.DENSE, 1, HEADS, queries, DIM, random.nextLong());
      float[] expected = null;
      for (int atOnce : new int[] {rows, queries, queries + 13, 100}) {
        try (KeyValueCache cache = KeyValueCache.builder(HEADS, DIM).format(format).window(window, sinks).build()) {
          int last = rows - Math.min(atOnce, rows);
          for (int row = 0; row < last; row += atOnce) {
            cache.append(key.rows(row, row + Math.min(atOnce, last - row)), value.rows(row, row + Math.min(atOnce, last - row)));
          }
          cache.append(key.rows(last, rows), value.rows(last, rows));
          Heads output = Heads.zeros(1, HEADS, queries, DIM);
          Attention.standard().compute(query, cache, output);
          expected = expected == null ? output.data() : expected;
          String about = format + ", " + atOnce + " of " + rows + " at once, window " + window + ", sinks " + sinks + ", round " + round;
          Views.assertSameBits(output.data(), expected, about + ", " + queries + " queries, seed " + Problem.SEED);
        }
      }
    }
  }

  @Test
  void queriesWhoseWindowIsDroppedAreRefused() {
    try (KeyValueCache cache = KeyValueCache.builder(HEADS, DIM).window(8, 1).build()) {
      for (int row = 0; row < 64; row++) {
        cache.append(Heads.zeros(1, HEADS, 1, DIM), Heads.zeros(1, HEADS, 1, DIM));
      }
      Heads query = Heads.zeros(1, HEADS, 20, DIM);
      Heads output = Heads.zeros(1, HEADS, 20, DIM);
      Arrays.fill(output.data(), 7);
      assertThatThrownBy(() -> Attention.standard().compute(query, cache, output))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("queries of caches[0] is 20: the window of the first reaches row 37, but rows 16 to 47 have been dropped");
      assertThat(output.data()).containsOnly(7);
    }
  }
}
