package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.testing.TestedKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A key whose score is −∞ has no effect, whatever made the score −∞, for every normaliser, path and result. Each call sees some keys, or
 * none, and hides the keys after them, whose values are NaN. The expected result is the formula over the visible keys.
 */
class EmptyPartsTest {
  private static final float GONE = Float.NEGATIVE_INFINITY;
  private static final double CLOSE = 2e-6;

  /** What hides keys from a query. */
  private enum Way {
    MASK,
    MASK_WITH_HOLES,
    BIAS,
    FUNCTION,
    SCORE
  }

  /** The code that reads the keys. */
  private enum Path {
    DENSE(3),
    PACKED(3),
    DECODED(3),
    CACHED(20);

    final int queries;

    Path(int queries) {
      this.queries = queries;
    }
  }

  /** Numbers of visible keys, and of hidden keys after them. */
  private record Keys(int seen, int hidden) {
    int all() {
      return seen + hidden;
    }

    float score(int j) {
      return (j * 37 % 11 - 5) / 4f;
    }

    float value(int j) {
      return (j * 29 % 13 - 3) / 8f;
    }

    Heads key(Way way) {
      Heads key = Heads.zeros(1, 1, all(), 1);
      for (int j = 0; j < all(); j++) {
        key.data()[j] = way == Way.SCORE && j >= seen ? GONE : score(j);
      }
      return key;
    }

    /** Only some of the hidden keys of a cache are NaN, since a NaN prevents that a cache is decoded. */
    Heads value(boolean special) {
      Heads value = Heads.zeros(1, 1, all(), 1);
      for (int j = 0; j < all(); j++) {
        value.data()[j] = j < seen ? value(j) : special ? Float.NaN : 1e9f;
      }
      return value;
    }
  }

  /** The kernels, the path, and the way to hide keys. */
  private record Setting(Kernels kernels, Path where, Way way) {
    @Override
    public String toString() {
      return kernels.path() + ", " + where + ", " + way;
    }

    List<Call> calls() {
      List<Call> calls = new ArrayList<>();
      for (Normaliser normaliser : normalisers()) {
        boolean extreme = Float.isFinite(normaliser.sink(0)) && normaliser.sink(0) != 0;
        for (Keys keys : keys()) {
          if (extreme && keys.all() > 100) {
            continue; // the effect of tiles and ranges on a sink does not depend on its size
          }
          Attention attention = hide(Attention.standard().withKernels(kernels), way, where.queries, keys).withNormaliser(normaliser);
          calls.add(new Call(attention, where, way, normaliser, keys));
        }
      }
      return calls;
    }
  }

  private record Call(Attention attention, Path where, Way way, Normaliser normaliser, Keys keys) {
    @Override
    public String toString() {
      String name = normaliser.kind() + (normaliser.averages() ? " averaged" : "") + " with sink " + normaliser.sink(0);
      return name + ", " + keys;
    }
  }

  private static List<Normaliser> normalisers() {
    List<Normaliser> normalisers = new ArrayList<>(List.of(Normaliser.softmax()));
    for (float sink : new float[] {0, 3, -200, 1e30f, -Float.MAX_VALUE, GONE}) {
      normalisers.add(Normaliser.softmaxWithSinks(sink));
    }
    for (Normaliser each : List.of(Normaliser.relu(), Normaliser.squaredRelu(), Normaliser.sigmoid(), Normaliser.linear())) {
      normalisers.add(each);
      normalisers.add(each.dividedByKeys());
    }
    return normalisers;
  }

  private static List<Keys> keys() {
    return List.of(new Keys(0, 0), new Keys(0, 2), new Keys(0, 700), new Keys(1, 1), new Keys(3, 2), new Keys(5, 700), new Keys(600, 70));
  }

  static Stream<Setting> settings() {
    return TestedKernels.all().stream()
        .flatMap(
            kernels ->
                Arrays.stream(Path.values()).flatMap(where -> Arrays.stream(Way.values()).map(way -> new Setting(kernels, where, way))));
  }

  private static Attention hide(Attention attention, Way way, int queries, Keys keys) {
    return switch (way) {
      case MASK -> attention.withMask(Mask.keyLengths(keys.seen));
      case MASK_WITH_HOLES -> attention.withMask(Mask.evaluate((b, head, i, j) -> j < keys.seen, 1, 1, queries, keys.all()));
      case BIAS -> attention.withBias(Bias.of(bias(keys), keys.all()));
      case FUNCTION ->
          attention.withScoreFunction(
              (row, offset, length, b, head, i, first) -> {
                for (int n = 0; n < length; n++) {
                  row[offset + n] = first + n < keys.seen ? row[offset + n] : GONE;
                }
              });
      case SCORE -> attention;
    };
  }

  private static float[] bias(Keys keys) {
    float[] bias = new float[keys.all()];
    Arrays.fill(bias, keys.seen, keys.all(), GONE);
    return bias;
  }

  /** The weights of the visible keys, by the formula. */
  private static double[] weights(Normaliser normaliser, Keys keys) {
    double[] weights = new double[keys.all()];
    double sum = Math.exp(logSumExp(normaliser, keys));
    for (int j = 0; j < keys.seen; j++) {
      double score = keys.score(j);
      weights[j] =
          switch (normaliser.kind()) {
            case SOFTMAX -> Math.exp(score) / sum;
            case RELU -> Math.max(score, 0);
            case SQUARED_RELU -> Math.max(score, 0) * Math.max(score, 0);
            case SIGMOID -> 1 / (1 + Math.exp(-score));
            case LINEAR -> score;
          };
      weights[j] /= normaliser.averages() ? keys.seen : 1;
    }
    return weights;
  }

  private static double logSumExp(Normaliser normaliser, Keys keys) {
    double sum = 0;
    for (int j = 0; j < keys.seen; j++) {
      sum += Math.exp(keys.score(j));
    }
    double sink = normaliser.sink(0);
    double high = Math.max(sink, sum == 0 ? sink : Math.log(sum));
    return high == GONE ? GONE : high + Math.log(Math.exp(sink - high) + (sum == 0 ? 0 : Math.exp(Math.log(sum) - high)));
  }

  private static double output(double[] weights, Keys keys) {
    double sum = 0;
    for (int j = 0; j < keys.seen; j++) {
      sum += weights[j] * keys.value(j);
    }
    return sum;
  }

  private static void compute(Call call, boolean special, Results results) {
    Heads query = ones(call.where.queries);
    Heads key = call.keys.key(call.way);
    Heads value = call.keys.value(special);
    switch (call.where) {
      case DENSE -> call.attention.compute(query, key, value, results);
      case PACKED -> {
        PackedSequences starts = PackedSequences.of(new int[] {0, query.rows()}, new int[] {0, key.rows()});
        call.attention.withPackedSequences(starts).compute(query, key, value, results);
      }
      case DECODED, CACHED -> {
        try (KeyValueCache cache = KeyValueCache.builder(1, 1).capacity(call.keys.all() + 1).build()) {
          cache.append(key, value);
          call.attention.compute(query, List.of(cache), results);
        }
      }
    }
  }

  private static Heads ones(int rows) {
    Heads ones = Heads.zeros(1, 1, rows, 1);
    Arrays.fill(ones.data(), 1);
    return ones;
  }

  /** All results of one call; then only output and log-sum-exp, which use other loops. */
  @ParameterizedTest
  @MethodSource("settings")
  void aKeyOfMinusInfinityIsNotThere(Setting setting) {
    setting.calls().forEach(EmptyPartsTest::check);
  }

  private static void check(Call call) {
    double[] weights = weights(call.normaliser, call.keys);
    Heads output = Heads.zeros(1, 1, call.where.queries, 1);
    float[] logSumExp = new float[call.where.queries];
    for (boolean special : new boolean[] {true, false}) {
      Results results = Results.of().withOutput(garbage(output));
      Arrays.fill(logSumExp, -77);
      compute(call, special, call.normaliser.hasLogSumExp() ? results.withLogSumExp(logSumExp) : results);
      assertRows(call, "output", output.data(), output(weights, call.keys));
      if (call.normaliser.hasLogSumExp()) {
        assertRows(call, "log-sum-exp", logSumExp, logSumExp(call.normaliser, call.keys));
      }
    }
    if (call.keys.all() > 0) {
      everyResult(call, weights, garbage(output));
    }
  }

  private static Heads garbage(Heads output) {
    Arrays.fill(output.data(), Float.NaN);
    return output;
  }

  private static void assertRows(Call call, String what, float[] actual, double expected) {
    for (float element : actual) {
      assertNear(call, what, element, expected);
    }
  }

  private static void assertNear(Call call, String what, float actual, double expected) {
    double bound = CLOSE * Math.max(1, Math.abs(expected));
    if (actual != expected && !(Math.abs(actual - expected) <= bound)) { // compared first: assertions are slow
      assertThat((double) actual).as("%s: %s", call, what).isCloseTo(expected, within(bound));
    }
  }

  private static void everyResult(Call call, double[] weights, Heads output) {
    int queries = call.where.queries;
    int all = call.keys.all();
    Heads rows = garbage(Heads.zeros(1, 1, queries, all));
    Heads masked = garbage(Heads.zeros(1, 1, queries, all));
    float[] columnSums = new float[all];
    TopKeys top = TopKeys.of(2, 1, 1, queries);
    Results results =
        Results.of().withOutput(output).withWeights(rows).withScores(Stage.MASKED, masked).withColumnSums(columnSums).withTopKeys(top);
    compute(call, true, results);
    assertRows(call, "output beside others", output.data(), output(weights, call.keys));
    for (int n = 0; n < queries * all; n++) {
      assertNear(call, "weight", rows.data()[n], weights[n % all]);
      assertNear(call, "masked score", masked.data()[n], n % all < call.keys.seen ? call.keys.score(n % all) : GONE);
    }
    for (int j = 0; j < all; j++) {
      assertNear(call, "column sum", columnSums[j], queries * weights[j]);
    }
    int[] best = best(rows, call.keys.seen);
    for (int place = 0; place < 2; place++) {
      assertThat(top.key(0, 0, queries - 1, place)).as("%s top key", call).isEqualTo(best[place]);
    }
    if (call.normaliser.hasLogSumExp()) {
      float[] entropy = new float[queries];
      AttentionWeights.entropy(rows, entropy);
      assertRows(call, "entropy", entropy, Arrays.stream(weights).filter(w -> w > 0).map(w -> -w * Math.log(w)).sum());
    }
  }

  /** The two keys that have the largest weights of the last row. */
  private static int[] best(Heads rows, int seen) {
    int[] best = {-1, -1};
    int last = rows.rows() - 1;
    for (int j = 0; j < seen; j++) {
      float weight = rows.get(0, 0, last, j);
      if (weight == 0) {
        continue;
      }
      if (best[0] < 0 || weight > rows.get(0, 0, last, best[0])) {
        best[1] = best[0];
        best[0] = j;
      } else if (best[1] < 0 || weight > rows.get(0, 0, last, best[1])) {
        best[1] = j;
      }
    }
    return best;
  }

  /** The reference itself, which other tests take as the truth. */
  @ParameterizedTest
  @EnumSource
  void theReferenceAgrees(Way way) {
    new Setting(Kernels.scalar(), Path.DENSE, way).calls().forEach(EmptyPartsTest::checkReference);
  }

  private static void checkReference(Call call) {
    Keys keys = call.keys;
    Attention attention = Attention.standard().withNormaliser(call.normaliser);
    attention =
        switch (call.way) {
          case MASK -> attention.withMask(Mask.keyLengths(keys.seen));
          case MASK_WITH_HOLES -> attention.withMask(Mask.evaluate((b, head, i, j) -> j < keys.seen, 1, 1, 1, keys.all()));
          case BIAS -> attention.withBias(Bias.of(bias(keys), keys.all()));
          case FUNCTION ->
              attention.withScoreFunction((row, offset, length, b, head, i, first) -> Arrays.fill(row, keys.seen, length, GONE));
          case SCORE -> attention;
        };
    ReferenceAttention reference = ReferenceAttention.of(attention, ones(1), keys.key(call.way), keys.value(true));
    double[] weights = weights(call.normaliser, keys);
    assertNear(call, "output", (float) reference.output()[0], output(weights, keys));
    double[] referenceWeights = reference.weights();
    double[] columnSums = reference.columnSums();
    for (int j = 0; j < keys.all(); j++) {
      assertNear(call, "weight", (float) referenceWeights[j], weights[j]);
      assertNear(call, "column sum", (float) columnSums[j], weights[j]);
    }
    if (call.normaliser.hasLogSumExp()) {
      assertNear(call, "log-sum-exp", (float) reference.logSumExp()[0], logSumExp(call.normaliser, keys));
    }
  }
}
