package dev.lanewise.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.testing.AttentionCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The promises in the Javadoc of attention's public types, from masks to cached rows, on each path. */
class AttentionPromisesTest {
  private static final String PATHS = "dev.lanewise.kernels.testing.Comparisons#paths";
  private static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final float NAN = Float.NaN;

  /** All kinds of normalisers, with and without a division by the number of keys; softmax with and without a sink. */
  static List<Normaliser> normalisers() {
    List<Normaliser> plain = List.of(Normaliser.relu(), Normaliser.squaredRelu(), Normaliser.sigmoid(), Normaliser.linear());
    List<Normaliser> all = new ArrayList<>(plain);
    plain.forEach(normaliser -> all.add(normaliser.dividedByKeys()));
    all.add(Normaliser.softmax());
    all.add(Normaliser.softmaxWithSinks(0.5f));
    return all;
  }

  private static double weight(Normaliser normaliser, double score, double sum, int keys) {
    double weight =
        switch (normaliser.kind()) {
          case SOFTMAX -> Math.exp(score) / (sum + Math.exp(normaliser.sink(0)));
          case RELU -> Math.max(score, 0);
          case SQUARED_RELU -> Math.max(score, 0) * Math.max(score, 0);
          case SIGMOID -> 1 / (1 + Math.exp(-score));
          case LINEAR -> score;
        };
    return normaliser.averages() ? weight / keys : weight;
  }

  /**
   * Each formula of {@link Normaliser}; a key whose score is −∞ by mask, bias, position bias or function has weight 0 and is not counted,
   * whatever its K and V hold; a query that sees no key gets output 0 and its sink, or −∞, as log-sum-exp. Query 0 sees the first 9 of 40
   * keys, query 1 none, query 2 all.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void keysOfScoreMinusInfinityHaveNoWeight(Kernels kernels) {
    int keys = 40;
    int visible = 9;
    for (Normaliser normaliser : normalisers()) {
      for (String by : List.of("mask", "bias", "position bias", "function")) {
        for (float poison : new float[] {NAN, INFINITY, -INFINITY, 1}) {
          if (by.equals("function") && poison != 1) {
            continue; // a function has a test of its own
          }
          Heads query = Heads.of(new float[] {1, 1, 1}, 1, 1, 3, 1);
          Heads key = Heads.zeros(1, 1, keys, 1);
          Heads value = Heads.zeros(1, 1, keys, 1);
          float[] bias = new float[3 * keys];
          for (int k = 0; k < keys; k++) {
            key.data()[k] = k < visible ? (k - 3) / 4f : poison;
            value.data()[k] = k < visible ? k + 1 : poison;
            bias[k] = k < visible ? 0 : -INFINITY;
            bias[keys + k] = -INFINITY;
            bias[2 * keys + k] = k < visible ? 0 : -INFINITY;
          }
          Heads output = Heads.of(new float[] {5, 5, 5}, 1, 1, 3, 1);
          AttentionCall builder = AttentionCall.of(query, key).output(value, output).normaliser(normaliser);
          switch (by) {
            case "mask" -> builder.visibility(new Range(0, visible));
            case "bias" -> builder.bias(Bias.of(bias, 3, keys));
            case "position bias" -> builder.positionBias(Bias.of(bias, 3, keys)).bias(Bias.of(new float[keys], keys));
            default ->
                builder.scoreFunction(
                    (row, offset, length, b, h, q, first) -> {
                      for (int i = 0; i < length; i++) {
                        row[offset + i] += bias[q * keys + first + i];
                      }
                    });
          }
          float[] logSumExp = new float[3];
          if (normaliser.hasLogSumExp()) {
            builder.logSumExp(logSumExp);
          }
          run(kernels, builder);
          double sum = 0;
          double expected = 0;
          for (int k = 0; k < visible; k++) {
            sum += Math.exp((k - 3) / 4d);
          }
          for (int k = 0; k < visible; k++) {
            expected += weight(normaliser, (k - 3) / 4d, sum, visible) * (k + 1);
          }
          String what = normaliser.kind() + (normaliser.averages() ? " averaged, " : ", ") + by + ", " + poison;
          assertThat(output.data()[0]).as(what).isCloseTo((float) expected, Offset.offset((float) Math.abs(expected) * 1e-5f));
          assertThat(output.data()[1]).as(what).isZero();
          assertThat(output.data()[2]).as(what).isEqualTo(output.data()[0]);
          if (normaliser.hasLogSumExp()) {
            assertThat(logSumExp[0]).as(what).isCloseTo((float) Math.log(sum + Math.exp(normaliser.sink(0))), Offset.offset(1e-5f));
            assertThat(logSumExp[1]).as(what).isEqualTo(normaliser.sink(0));
          }
        }
      }
    }
  }

  /** A mask in which all queries but the second see a range. */
  private record Range(int from, int to) implements Visibility {
    @Override
    public int firstKey(int batchEntry, int queryHead, int query) {
      return from;
    }

    @Override
    public int endKey(int batchEntry, int queryHead, int query) {
      return query == 1 ? from : to;
    }

    @Override
    public long keys64(int batchEntry, int queryHead, int query, int word) {
      throw new AssertionError("a range without holes is asked for its bits");
    }
  }

  /** "Bits outside the range of the query are ignored", and so is a next key before the first that the query sees. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void bitsOutsideTheRangeAreIgnored(Kernels kernels) {
    int keys = 300;
    Random random = new Random(20261129);
    Heads query = random(random, 2, 40, 8);
    Heads key = random(random, 2, keys, 8);
    Heads value = random(random, 2, keys, 8);
    int[] from = random.ints(80, 0, 150).toArray();
    int[] to = random.ints(80, 120, keys + 1).map(end -> Math.max(end, 150)).toArray();
    long[] holes = random.longs(5).toArray();
    float[][] outputs = new float[2][];
    for (int noise = 0; noise < 2; noise++) {
      boolean noisy = noise == 1;
      Heads output = Heads.zeros(1, 2, 40, 8);
      run(
          kernels,
          AttentionCall.of(query, key)
              .output(value, output)
              .visibility(
                  new Visibility() {
                    @Override
                    public int firstKey(int b, int head, int q) {
                      return from[head * 40 + q];
                    }

                    @Override
                    public int endKey(int b, int head, int q) {
                      return to[head * 40 + q];
                    }

                    @Override
                    public boolean hasHoles() {
                      return true;
                    }

                    @Override
                    public long keys64(int b, int head, int q, int word) {
                      long inside = 0;
                      for (int i = 0; i < 64; i++) {
                        int k = 64 * word + i;
                        inside |= k >= from[head * 40 + q] && k < to[head * 40 + q] ? 1L << i : 0;
                      }
                      return (holes[word] & inside) | (noisy ? ~inside : 0);
                    }
                  }));
      outputs[noise] = output.data();
    }
    assertThat(outputs[1]).isEqualTo(outputs[0]).doesNotContain(NAN);
  }

  /** "0 if query or key is 0", and the cosine otherwise, also for lengths whose squares leave the range of float. */
  @ParameterizedTest
  @MethodSource(PATHS)
  void cosineIsZeroForAZeroRowAndExactForExtremeLengths(Kernels kernels) {
    for (float length : new float[] {1e-30f, 1, 1e30f}) {
      Heads query = Heads.of(new float[] {length, 0, 0, 0, length, length}, 1, 1, 3, 2);
      Heads key = Heads.of(new float[] {0, 0, length, length}, 1, 1, 2, 2);
      float[][] scores = new float[3][2];
      RowFunction keep = (row, offset, count, b, h, q, first) -> System.arraycopy(row, offset, scores[q], first, count);
      run(kernels, AttentionCall.of(query, key).similarity(Similarity.cosine()).observe(Stage.RAW, keep));
      float half = (float) Math.sqrt(0.5);
      assertThat(scores[0][0]).isZero();
      assertThat(scores[0][1]).isCloseTo(half, Offset.offset(1e-6f));
      assertThat(scores[1]).containsExactly(0, 0);
      assertThat(scores[2][0]).isZero();
      assertThat(scores[2][1]).isCloseTo(1, Offset.offset(1e-6f));
      key.data()[2] = NAN;
      run(kernels, AttentionCall.of(query, key).similarity(Similarity.cosine()).observe(Stage.RAW, keep));
      assertThat(scores[1]).as("a query of 0 beside a key that is NaN").containsExactly(0, 0);
    }
  }

  /**
   * At each {@link Stage} an observer sees every key of every row once, in ascending order. After the mask, a key that the query does not
   * see has score −∞ and weight 0.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void observersSeeEveryKeyOnceAtEachStage(Kernels kernels) {
    int keys = 300;
    Heads query = random(new Random(20261130), 1, 3, 8);
    Heads key = random(new Random(20261201), 1, keys, 8);
    float[] bias = new float[keys];
    for (int k = 0; k < keys; k++) {
      bias[k] = k % 5 == 0 ? -INFINITY : 0.25f * (k % 3);
    }
    float[][][] seen = new float[Stage.values().length][3][keys];
    int[][][] times = new int[Stage.values().length][3][keys];
    AttentionCall builder =
        AttentionCall.of(query, key).scale(0.5f).softcap(2).bias(Bias.of(bias, bias.length)).visibility(new Range(70, 200));
    for (int s = 0; s < seen.length; s++) {
      float[][] rows = seen[s];
      int[][] counts = times[s];
      builder.observe(
          Stage.values()[s],
          (row, offset, length, b, h, q, first) -> {
            for (int i = 0; i < length; i++) {
              rows[q][first + i] = row[offset + i];
              counts[q][first + i]++;
            }
          });
    }
    run(kernels, builder);
    for (int q = 0; q < 3; q++) {
      for (int k = 0; k < keys; k++) {
        double raw = 0;
        for (int d = 0; d < 8; d++) {
          raw += 0.5 * query.get(0, 0, q, d) * key.get(0, 0, k, d);
        }
        double capped = 2 * Math.tanh(raw / 2);
        boolean visible = q != 1 && k >= 70 && k < 200;
        String what = "query " + q + ", key " + k;
        for (int s = 0; s < 4; s++) {
          assertThat(times[s][q][k]).as(what).isEqualTo(1);
        }
        assertThat(times[4][q][k]).as(what).isLessThanOrEqualTo(1);
        assertThat(seen[0][q][k]).as(what).isCloseTo((float) raw, Offset.offset(1e-5f));
        assertThat(seen[1][q][k]).as(what).isCloseTo((float) capped, Offset.offset(1e-5f));
        boolean biased = k % 5 == 0;
        assertThat(seen[2][q][k]).as(what).isEqualTo(biased ? -INFINITY : seen[1][q][k] + bias[k]);
        assertThat(seen[3][q][k]).as(what).isEqualTo(visible ? seen[2][q][k] : -INFINITY);
        assertThat(seen[4][q][k] > 0).as(what).isEqualTo(visible && !biased);
      }
    }
  }

  /**
   * "Not called for a block whose rows have all been dropped", with any option of the call. Dropped keys have the same effect as masked
   * ones.
   */
  @ParameterizedTest
  @MethodSource(PATHS)
  void droppedBlocksAreNeverRead(Kernels kernels) {
    int keys = 70;
    KeyValueLayout layout = new KeyValueLayout(KeyValueFormat.F32, 1, 8, 8);
    KeyValueMemory memory = KeyValueMemory.heap(layout, 5, null);
    Heads key = random(new Random(20261202), 1, keys, 8);
    Heads value = random(new Random(20261203), 1, keys, 8);
    for (int row = 0; row < keys; row++) {
      memory.write(row / 16, row % 16, key, value, 0, row);
    }
    CachedSequence rows = new Dropped(layout, memory, keys);
    float[] bias = new float[keys];
    Arrays.fill(bias, 10, 50, -INFINITY);
    for (int queries : new int[] {1, 4, 16, 17, 40}) {
      Heads query = random(new Random(queries), 1, queries, 8);
      for (Normaliser normaliser : normalisers()) {
        for (boolean observed : new boolean[] {false, true}) {
          Heads expected = Heads.zeros(1, 1, queries, 8);
          run(kernels, AttentionCall.of(query, key).output(value, expected).normaliser(normaliser).bias(Bias.of(bias, bias.length)));
          Heads output = Heads.zeros(1, 1, queries, 8);
          AttentionCall builder = AttentionCall.of(query, new CachedSequence[] {rows}).output(output).normaliser(normaliser);
          if (observed) {
            builder.observe(Stage.RAW, (row, offset, length, b, h, q, first) -> {}).observe(Stage.WEIGHTS, (r, o, l, b, h, q, first) -> {});
          }
          run(kernels, builder);
          for (int i = 0; i < output.data().length; i++) {
            float exact = expected.data()[i];
            assertThat(output.data()[i])
                .as("%s queries, %s", queries, normaliser.kind())
                .isCloseTo(exact, Offset.offset(2e-5f + 1e-5f * Math.abs(exact)));
          }
        }
      }
    }
  }

  /** A cache whose rows 10 to 49, and therefore blocks 1 and 2, have been dropped. */
  private record Dropped(KeyValueLayout layout, KeyValueMemory whole, int rows) implements CachedSequence {
    @Override
    public KeyValueMemory memory(int block) {
      assertThat(block).isIn(0, 3, 4);
      return whole;
    }

    @Override
    public int physicalBlock(int block) {
      assertThat(block).isIn(0, 3, 4);
      return block;
    }

    @Override
    public int droppedFrom() {
      return 10;
    }

    @Override
    public int droppedTo() {
      return 50;
    }
  }

  private static Heads random(Random random, int heads, int rows, int width) {
    Heads view = Heads.zeros(1, heads, rows, width);
    for (int i = 0; i < view.data().length; i++) {
      view.data()[i] = (float) random.nextGaussian();
    }
    return view;
  }

  private static void run(Kernels kernels, AttentionCall builder) {
    AttentionTasks tasks = kernels.plan(builder.build(), 2);
    for (int task = 0; task < tasks.count(); task++) {
      tasks.run(task);
    }
  }
}
