package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Functions of the caller that keep state: each key that a query sees once, in order, on one thread, on every path. */
class StatefulFunctionTest {
  private static final long SEED = 20261129;
  private static final int HEADS = 4;
  private static final int KEY_HEADS = 2;
  private static final int WIDTH = 8;
  private static final int REPETITIONS = 8;

  /** Where keys and values are. */
  private enum Source {
    DENSE,
    PACKED,
    F32,
    F16,
    BF16,
    WINDOW
  }

  /** What a call asks for besides its output. */
  private enum Extra {
    NOTHING,
    WEIGHTS,
    TOP_KEYS,
    COLUMN_SUMS,
    CHANGED_SCORES,
    WEIGHT_FUNCTION,
    SCORES_AND_WEIGHTS
  }

  /**
   * Counts the scores above 0 of a row and takes a thousandth of the count from each: the function of the issue. Notes what it was given.
   */
  private static final class Counting implements RowFunction {
    private final Map<List<Integer>, Row> rows = new ConcurrentHashMap<>();

    private static final class Row {
      private final List<Integer> keys = new ArrayList<>();
      private final Thread thread = Thread.currentThread();
      private boolean strayed;
      private int positive;
    }

    @Override
    public void apply(float[] row, int offset, int length, int b, int head, int query, int firstKey) {
      Row state = rows.computeIfAbsent(List.of(b, head, query), at -> new Row());
      state.strayed |= state.thread != Thread.currentThread();
      for (int i = 0; i < length; i++) {
        state.keys.add(firstKey + i);
        state.positive += row[offset + i] > 0 ? 1 : 0;
        row[offset + i] -= 1e-3f * state.positive;
      }
    }

    /** Each row has been given exactly the keys that it sees. */
    void assertGiven(Call call, String as) {
      for (int b = 0; b < call.queries.length; b++) {
        for (int head = 0; head < HEADS; head++) {
          for (int i = 0; i < call.queries[b]; i++) {
            List<Integer> expected = call.seen(b, head, i);
            Row row = rows.get(List.of(b, head, i));
            List<Integer> actual = row == null ? List.of() : row.keys;
            int same = 0;
            while (same < Math.min(actual.size(), expected.size()) && actual.get(same).equals(expected.get(same))) {
              same++;
            }
            assertThat(actual.equals(expected))
                .as("%s, row %s %s %s: %s keys for %s, %s alike", as, b, head, i, actual.size(), expected.size(), same)
                .isTrue();
            assertThat(row != null && row.strayed).as("%s, row %s %s %s: other threads", as, b, head, i).isFalse();
          }
        }
      }
    }
  }

  /** Operands whose scores are whole numbers, so that every path has the same ones. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Call(
      Source source,
      Mask mask,
      int[] queries,
      int[] keys,
      Heads query,
      Heads[] key,
      Heads[] value,
      Map<List<Integer>, List<Integer>> window) {
    static Call of(Source source, Mask mask, int[] queries, int[] keys) {
      Random random = new Random(SEED);
      int entries = queries.length;
      int rows = Arrays.stream(queries).sum();
      Heads query =
          source == Source.PACKED
              ? whole(random, 1, HEADS, rows)
              : whole(random, entries, HEADS, Arrays.stream(queries).max().orElseThrow());
      Heads[] key = new Heads[entries];
      Heads[] value = new Heads[entries];
      for (int b = 0; b < entries; b++) {
        key[b] = whole(random, 1, KEY_HEADS, keys[b]);
        value[b] = whole(random, 1, KEY_HEADS, keys[b]);
      }
      Call call = new Call(source, mask, queries, keys, query, key, value, new TreeMap<>(StatefulFunctionTest::compare));
      if (source == Source.WINDOW) {
        call.look();
      }
      return call;
    }

    private static Heads rows(Heads of, int row, int rows) {
      return new Heads(of.data(), of.index(0, 0, row), 1, KEY_HEADS, rows, WIDTH, 0, of.headStride(), of.rowStride());
    }

    private static Heads whole(Random random, int batch, int heads, int rows) {
      float[] x = new float[batch * heads * rows * WIDTH];
      for (int i = 0; i < x.length; i++) {
        x[i] = random.nextInt(5) - 2;
      }
      return Heads.of(x, batch, heads, rows, WIDTH);
    }

    /** Asks the weights which keys each query of a window cache sees. */
    private void look() {
      int most = Arrays.stream(keys).max().orElseThrow();
      Heads weights = Heads.zeros(query.batch(), HEADS, query.rows(), most);
      cached(Attention.standard().withKernels(Kernels.scalar()).withMask(mask).withScale(1e-3f), Results.of().weights(weights));
      for (int b = 0; b < queries.length; b++) {
        for (int head = 0; head < HEADS; head++) {
          for (int i = 0; i < queries[b]; i++) {
            List<Integer> seen = new ArrayList<>();
            for (int j = 0; j < most; j++) {
              if (weights.get(b, head, i, j) != 0) {
                seen.add(j);
              }
            }
            window.put(List.of(b, head, i), seen);
          }
        }
      }
    }

    List<Integer> seen(int b, int head, int i) {
      if (!window.isEmpty()) {
        return window.getOrDefault(List.of(b, head, i), List.of());
      }
      List<Integer> seen = new ArrayList<>();
      for (int j = 0; j < keys[b]; j++) {
        if (mask.visible(b, head, i, j, queries[b], keys[b])) {
          seen.add(j);
        }
      }
      return seen;
    }

    private PackedSequences starts() {
      int[] queryStarts = new int[queries.length + 1];
      int[] keyStarts = new int[queries.length + 1];
      for (int b = 0; b < queries.length; b++) {
        queryStarts[b + 1] = queryStarts[b] + queries[b];
        keyStarts[b + 1] = keyStarts[b] + keys[b];
      }
      return PackedSequences.of(queryStarts, keyStarts);
    }

    /** All keys, or values, one entry after the other along rows or batch. */
    private Heads together(Heads[] of) {
      boolean packed = source == Source.PACKED;
      int rows = packed ? Arrays.stream(keys).sum() : keys[0];
      Heads all = Heads.zeros(packed ? 1 : of.length, KEY_HEADS, rows, WIDTH);
      int first = 0;
      for (int b = 0; b < of.length; b++) {
        for (int head = 0; head < KEY_HEADS; head++) {
          System.arraycopy(of[b].data(), of[b].index(0, head, 0), all.data(), all.index(packed ? 0 : b, head, first), keys[b] * WIDTH);
        }
        first += packed ? keys[b] : 0;
      }
      return all;
    }

    Heads output() {
      return Heads.zeros(query.batch(), HEADS, query.rows(), WIDTH);
    }

    /** Where a row of the output begins. */
    int outputIndex(Heads output, int b, int head, int i) {
      return source == Source.PACKED ? output.index(0, head, starts().queryStart(b) + i) : output.index(b, head, i);
    }

    void run(Attention attention, Extra extra, Heads output) {
      int most = Arrays.stream(keys).max().orElseThrow();
      Results results = Results.of().output(output);
      switch (extra) {
        case NOTHING, WEIGHT_FUNCTION -> {}
        case WEIGHTS -> results.weights(Heads.zeros(query.batch(), HEADS, query.rows(), most));
        case TOP_KEYS -> results.topKeys(TopKeys.of(3, query.batch(), HEADS, query.rows()));
        case COLUMN_SUMS -> {
          int columns = source == Source.PACKED ? Arrays.stream(keys).sum() : queries.length * most;
          results.columnSums(new float[HEADS * columns]);
        }
        case CHANGED_SCORES -> results.scores(Stage.CHANGED, Heads.zeros(query.batch(), HEADS, query.rows(), most));
        case SCORES_AND_WEIGHTS ->
            results
                .scores(Stage.RAW, Heads.zeros(query.batch(), HEADS, query.rows(), most))
                .weights(Heads.zeros(query.batch(), HEADS, query.rows(), most));
      }
      switch (source) {
        case DENSE -> attention.compute(query, together(key), together(value), results);
        case PACKED -> attention.withPackedSequences(starts()).compute(query, together(key), together(value), results);
        case F32, F16, BF16, WINDOW -> cached(attention, results);
      }
    }

    private void cached(Attention attention, Results results) {
      List<KeyValueCache> caches = new ArrayList<>();
      for (int b = 0; b < keys.length; b++) {
        KeyValueCache.Builder builder = KeyValueCache.builder(KEY_HEADS, WIDTH).capacity(Math.max(1, keys[b]));
        KeyValueCache cache =
            switch (source) {
              case F16 -> builder.format(KeyValueFormat.F16).build();
              case BF16 -> builder.format(KeyValueFormat.BF16).build();
              case WINDOW -> KeyValueCache.builder(KEY_HEADS, WIDTH).window(500, 16).build();
              case DENSE, PACKED, F32 -> builder.build();
            };
        for (int row = 0; row < keys[b]; row += 100) {
          int rows = Math.min(100, keys[b] - row);
          cache.append(rows(key[b], row, rows), rows(value[b], row, rows));
        }
        caches.add(cache);
      }
      try {
        attention.compute(query, caches, results);
      } finally {
        caches.forEach(KeyValueCache::close);
      }
    }

    /** A row's output by a loop over the keys that it sees. */
    double[] expected(int b, int head, int i, boolean reweighs) {
      int from = outputIndex(query, b, head, i);
      int keyHead = head / (HEADS / KEY_HEADS);
      Map<Integer, Double> weights = new TreeMap<>();
      double sum = 0;
      int positive = 0;
      for (int j : seen(b, head, i)) {
        float score = 0;
        for (int d = 0; d < WIDTH; d++) {
          score += query.data()[from + d] * key[b].data()[key[b].index(0, keyHead, j) + d];
        }
        score *= 0.25f;
        positive += score > 0 ? 1 : 0;
        double weight = Math.exp(score - 1e-3f * positive);
        sum += weight;
        weights.put(j, weight);
      }
      double[] output = new double[WIDTH];
      int position = 0;
      for (Map.Entry<Integer, Double> weight : weights.entrySet()) {
        double factor = weight.getValue() / sum * (reweighs && position++ % 2 == 1 ? 0 : 1);
        for (int d = 0; d < WIDTH; d++) {
          output[d] += factor * value[b].data()[value[b].index(0, keyHead, weight.getKey()) + d];
        }
      }
      return output;
    }
  }

  /** Makes every other weight of a row 0. */
  private static RowFunction everyOther(Map<List<Integer>, int[]> seen) {
    return (row, offset, length, b, head, query, firstKey) -> {
      int[] position = seen.computeIfAbsent(List.of(b, head, query), at -> new int[1]);
      for (int i = 0; i < length; i++) {
        row[offset + i] *= position[0]++ % 2 == 1 ? 0 : 1;
      }
    };
  }

  private static int compare(List<Integer> a, List<Integer> b) {
    return Arrays.compare(a.stream().mapToInt(i -> i).toArray(), b.stream().mapToInt(i -> i).toArray());
  }

  private static List<Mask> masks(int queries, int keys) {
    Mask holes = Mask.evaluate((b, head, i, j) -> (i + j) % 3 != 0 && (j / 100) % 2 == 0, 1, 1, queries, keys);
    return List.of(Mask.none(), Mask.causal(), Mask.window(70, 3), holes, Mask.causal().and(holes));
  }

  private static int[] lengths(Source source) {
    return source == Source.DENSE ? new int[] {700, 700} : new int[] {1100, 3};
  }

  @ParameterizedTest
  @EnumSource
  void eachVisibleKeyOnceInOrderOnOneThread(Source source) {
    int[] keys = lengths(source);
    for (int queries : new int[] {2, 20}) {
      for (Mask mask : masks(queries, Arrays.stream(keys).max().orElseThrow())) {
        Call call = Call.of(source, mask, new int[] {queries, source == Source.PACKED ? 2 : queries}, keys);
        for (Extra extra : Extra.values()) {
          check(call, extra);
        }
      }
    }
  }

  private static void check(Call call, Extra extra) {
    for (Kernels kernels : List.of(Kernels.selected(), Kernels.scalar())) {
      float[] first = null;
      for (int threads = 1; threads <= 4; threads += extra == Extra.NOTHING ? 1 : 2) {
        String as =
            call.source + " " + call.mask + " " + Arrays.toString(call.queries) + " " + extra + " " + threads + " " + kernels.path();
        Counting counting = new Counting();
        Attention attention =
            Attention.standard().withKernels(kernels).withMask(call.mask).withScale(0.25f).withThreads(threads).withScoreFunction(counting);
        if (extra == Extra.WEIGHT_FUNCTION) {
          attention = attention.withWeightFunction(everyOther(new ConcurrentHashMap<>()));
        }
        Heads output = call.output();
        call.run(attention, extra, output);
        counting.assertGiven(call, as);
        if (first == null) {
          first = output.data();
          assertExpected(call, extra, output, as);
        }
        Views.assertSameBits(output.data(), first, as);
      }
    }
  }

  private static void assertExpected(Call call, Extra extra, Heads output, String as) {
    for (int b = 0; b < call.queries.length; b++) {
      for (int head = 0; head < HEADS; head++) {
        for (int i = 0; i < call.queries[b]; i++) {
          double[] expected = call.expected(b, head, i, extra == Extra.WEIGHT_FUNCTION);
          int at = call.outputIndex(output, b, head, i);
          for (int d = 0; d < WIDTH; d++) {
            assertThat((double) output.data()[at + d]).as("%s, row %s %s %s", as, b, head, i).isCloseTo(expected[d], within());
          }
        }
      }
    }
  }

  private static org.assertj.core.data.Offset<Double> within() {
    return org.assertj.core.data.Offset.offset(1e-5);
  }

  /** The case of the issue: 40 000 cached keys, many times. */
  @Test
  void manyCachedKeysGiveOneResult() {
    Call call = Call.of(Source.F32, Mask.none(), new int[] {1}, new int[] {40_000});
    float[] first = null;
    for (int times = 0; times < REPETITIONS; times++) {
      for (int threads = 1; threads <= 4; threads++) {
        Counting counting = new Counting();
        Heads output = call.output();
        call.run(Attention.standard().withScale(0.25f).withThreads(threads).withScoreFunction(counting), Extra.NOTHING, output);
        if (first == null) {
          first = output.data();
          counting.assertGiven(call, "40 000 keys");
          assertExpected(call, Extra.NOTHING, output, "40 000 keys");
        }
        Views.assertSameBits(output.data(), first, threads + " threads");
      }
    }
  }

  /** A function that does nothing leaves the bits of a call without one. */
  @ParameterizedTest
  @EnumSource
  void aFunctionThatDoesNothingLeavesTheBits(Source source) {
    Call call = Call.of(source, Mask.causal(), new int[] {3, source == Source.PACKED ? 2 : 3}, lengths(source));
    for (Normaliser normaliser : List.of(Normaliser.softmax(), Normaliser.softmaxWithSinks(1, 0, 2, -1))) {
      for (Extra extra : List.of(Extra.NOTHING, Extra.WEIGHTS)) {
        Attention attention = Attention.standard().withMask(call.mask).withThreads(2).withNormaliser(normaliser);
        Heads without = call.output();
        call.run(attention, extra, without);
        Heads with = call.output();
        call.run(attention.withScoreFunction((row, offset, length, b, head, query, firstKey) -> {}), extra, with);
        Views.assertSameBits(with.data(), without.data(), source + " " + extra);
      }
    }
  }

  /** Rows of so many keys that not all of a panel's are kept between the passes. */
  @Test
  void longRowsWithWeightsSeeEachKeyOnce() {
    Call call = Call.of(Source.DENSE, Mask.causal(), new int[] {3}, new int[] {70_000});
    Counting counting = new Counting();
    Heads output = call.output();
    call.run(Attention.standard().withMask(call.mask).withScale(0.25f).withThreads(2).withScoreFunction(counting), Extra.TOP_KEYS, output);
    counting.assertGiven(call, "70 000 keys");
    assertExpected(call, Extra.TOP_KEYS, output, "70 000 keys");
  }

  /** What a function throws comes through from any row and pass, and the next call is right. */
  @ParameterizedTest
  @EnumSource
  void whatAFunctionThrowsComesThrough(Source source) {
    for (int queries : new int[] {3, 20}) {
      Call call = Call.of(source, Mask.causal(), new int[] {queries, source == Source.PACKED ? 2 : queries}, lengths(source));
      for (Kernels kernels : List.of(Kernels.selected(), Kernels.scalar())) {
        for (int threads = 1; threads <= 4; threads++) {
          Attention attention = Attention.standard().withKernels(kernels).withMask(call.mask).withScale(0.25f).withThreads(threads);
          RowFunction failing =
              (row, offset, length, b, head, query, firstKey) -> {
                if (head == 3 && firstKey + length > 500) {
                  throw new IllegalStateException("of the caller");
                }
                row[offset] = Float.NaN;
              };
          for (Extra extra : List.of(Extra.NOTHING, Extra.WEIGHTS)) {
            assertThatThrownBy(() -> call.run(attention.withScoreFunction(failing), extra, call.output()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("of the caller");
            assertThatThrownBy(() -> call.run(attention.withWeightFunction(failing), extra, call.output()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("of the caller");
          }
          Counting counting = new Counting();
          Heads output = call.output();
          call.run(attention.withScoreFunction(counting), Extra.NOTHING, output);
          counting.assertGiven(call, "after a failure");
          assertExpected(call, Extra.NOTHING, output, "after a failure");
        }
      }
    }
  }

  /** The library's reference gives a function the same keys. */
  @Test
  void theReferenceGivesTheSameKeys() {
    for (Mask mask : masks(20, 600)) {
      Call call = Call.of(Source.DENSE, mask, new int[] {20}, new int[] {600});
      Counting counting = new Counting();
      double[] actual =
          ReferenceAttention.of(call.query, call.key[0], call.value[0]).mask(mask).scale(0.25f).scoreFunction(counting).output();
      counting.assertGiven(call, "reference " + mask);
      Heads output = call.output();
      for (int n = 0; n < actual.length; n++) {
        output.data()[n] = (float) actual[n];
      }
      assertExpected(call, Extra.NOTHING, output, "reference " + mask);
    }
  }
}
