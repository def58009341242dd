package dev.lanewise.core;

import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What happens to scores and weights at the edges of what floats hold, each path and the reference against the formula in double: the same
 * class of result (NaN, infinite, finite, zero), and close to it. The log-sum-exp of a single key is its score, which shows the copies that
 * decode a cache as well.
 */
class ScoreEdgesTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final float[] EDGES = {
    0f,
    -0f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    1e-39f,
    -1e-39f,
    1e-38f,
    -1e-38f,
    Float.MIN_NORMAL,
    -Float.MIN_NORMAL,
    1e-20f,
    -1e-20f,
    0.5f,
    -0.5f,
    1,
    -1,
    3e38f,
    -3e38f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    INFINITY,
    -INFINITY,
    Float.NaN
  };
  private static final float[] SIZES = {
    Float.MIN_VALUE, 1e-39f, 1e-38f, Float.MIN_NORMAL, 1e-20f, 0.5f, 1, 30, 1e6f, 3e38f, Float.MAX_VALUE
  };

  /** Where keys lie: the fused kernel, the loops that decode, the fused kernel over a cache. */
  private enum Path {
    DENSE(1),
    DECODED(1),
    CACHED(20);

    final int queries;

    Path(int queries) {
      this.queries = queries;
    }
  }

  private record Setting(Kernels kernels, Path path) {
    Attention attention() {
      return Attention.standard().withKernels(kernels);
    }

    @Override
    public String toString() {
      return kernels.path() + " " + path;
    }
  }

  static Stream<Setting> settings() {
    return Stream.of(Kernels.selected(), Kernels.scalar())
        .distinct()
        .flatMap(kernels -> Arrays.stream(Path.values()).map(path -> new Setting(kernels, path)));
  }

  private static Heads rows(int count, float... row) {
    Heads rows = Heads.zeros(1, 1, count, row.length);
    for (int i = 0; i < rows.data().length; i++) {
      rows.data()[i] = row[i % row.length];
    }
    return rows;
  }

  private static Heads column(float... data) {
    return Heads.of(data, 1, 1, data.length, 1);
  }

  private static void compute(Setting setting, Attention attention, Heads query, Heads key, Heads value, Results results) {
    if (setting.path == Path.DENSE) {
      attention.compute(query, key, value, results);
      return;
    }
    try (KeyValueCache cache =
        KeyValueCache.builder(1, key.width()).valueDim(value.width()).format(KeyValueFormat.F32).capacity(20).build()) {
      cache.append(key, value);
      attention.compute(query, List.of(cache), results);
    }
  }

  /** The log-sum-exp of the last query. */
  private static float logSumExp(Setting setting, Attention attention, float[] query, Heads key) {
    float[] logSumExp = new float[setting.path.queries];
    compute(setting, attention, rows(setting.path.queries, query), key, column(new float[key.rows()]), Results.of().logSumExp(logSumExp));
    return logSumExp[logSumExp.length - 1];
  }

  private static void assertClose(String what, float actual, double expected, double tolerance) {
    float rounded = (float) expected;
    boolean nearTheEnd = Math.abs(expected) * (1 + 1e-6) >= Float.MAX_VALUE && Math.abs(actual) >= Float.MAX_VALUE * (1 - 1e-6f);
    boolean close =
        actual == rounded
            || Float.compare(actual, rounded) == 0
            || (Double.isFinite(expected) && Math.abs(actual - expected) <= tolerance)
            || (nearTheEnd && Math.signum(actual) == Math.signum(rounded));
    if (!close) {
      fail("%s is %s, expected %s ± %s", what, actual, expected, tolerance);
    }
  }

  /** A single key whose score should be {@code score}: +∞ takes all and leaves ∞ − ∞. */
  private static void assertScore(Setting setting, String what, float actual, double score, double tolerance) {
    float rounded = (float) score;
    assertClose(setting + ": " + what, actual, rounded == INFINITY ? Double.NaN : score, tolerance);
  }

  @ParameterizedTest
  @MethodSource("settings")
  void softcap(Setting setting) {
    for (float cap : SIZES) {
      Attention attention = setting.attention().withSoftcap(cap);
      for (float score : edgesAround(cap)) {
        double expected = cap * Math.tanh(score / (double) cap);
        float actual = logSumExp(setting, attention, new float[] {1}, column(score));
        assertScore(setting, "score " + score + " capped by " + cap, actual, expected, 1e-6 * Math.abs(expected) + 3e-45);
        double reference = ReferenceAttention.of(column(1), column(score)).softcap(cap).logSumExp()[0];
        assertScore(setting, "reference of " + score + " capped by " + cap, (float) reference, expected, 1e-6 * Math.abs(expected));
      }
    }
  }

  /** The table, and a few multiples of a size, around the thresholds of tanh. */
  private static float[] edgesAround(float size) {
    float[] around = Arrays.copyOf(EDGES, EDGES.length + 8);
    int n = EDGES.length;
    for (float factor : new float[] {0.3f, 0.599f, 0.601f, 1, 3, 9.1f, -0.6f, -2}) {
      around[n++] = size * factor;
    }
    return around;
  }

  /** The right values of the case that was wrong: queries 0 and 1, of which only the 1 was one. */
  @ParameterizedTest
  @MethodSource("settings")
  void aSmallSoftcapBesideALargeScore(Setting setting) {
    int queries = 2 * setting.path.queries;
    Heads query = Heads.zeros(1, 1, queries, 1);
    for (int i = 1; i < queries; i += 2) {
      query.data()[i] = 1;
    }
    Heads output = Heads.zeros(1, 1, queries, 1);
    compute(setting, setting.attention().withSoftcap(1e-39f), query, column(1), column(3), Results.of().output(output));
    for (float element : output.data()) {
      assertClose(setting + ": output", element, 3, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void cosine(Setting setting) {
    Attention attention = setting.attention().withSimilarity(Similarity.cosine());
    float[] some = {0, Float.MIN_VALUE, -1e-39f, 1e-20f, 1, -3e38f, Float.MAX_VALUE, INFINITY, -INFINITY, Float.NaN};
    for (float a : some) {
      for (float b : some) {
        for (float c : some) {
          for (float d : some) {
            double lengths = Math.hypot(a, b) * Math.hypot(c, d);
            boolean zero = (a == 0 && b == 0) || (c == 0 && d == 0);
            boolean finite = Float.isFinite(a) && Float.isFinite(b) && Float.isFinite(c) && Float.isFinite(d);
            double expected = zero ? 0 : finite ? ((double) a * c + (double) b * d) / lengths : Double.NaN;
            String what = "cosine of (" + a + ", " + b + ") and (" + c + ", " + d + ")";
            Heads key = Heads.of(new float[] {c, d}, 1, 1, 1, 2);
            assertScore(setting, what, logSumExp(setting, attention, new float[] {a, b}, key), expected, 2e-6);
            if (setting.path == Path.DENSE) {
              ReferenceAttention reference = ReferenceAttention.of(rows(1, a, b), key).similarity(Similarity.cosine());
              assertScore(setting, "reference of " + what, (float) reference.logSumExp()[0], expected, 2e-6);
            }
          }
        }
      }
    }
  }

  /** The first of five keys, the others masked: four before the last query. */
  @ParameterizedTest
  @MethodSource("settings")
  void alibi(Setting setting) {
    for (float size : SIZES) {
      for (float slope : new float[] {size, -size, 0}) {
        Attention attention = setting.attention().withAlibi(slope).withMask(Mask.keyLengths(1));
        for (float score : EDGES) {
          double expected = score - 4 * (double) slope;
          float actual = logSumExp(setting, attention, new float[] {1}, column(score, 1, 1, 1, 1));
          assertScore(setting, score + " with slope " + slope, actual, expected, 1e-6 * Math.abs(expected) + 3e-45);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void bias(Setting setting) {
    for (float bias : EDGES) {
      Attention attention = setting.attention().withBias(Bias.ofKeys(new float[] {bias}));
      for (float score : EDGES) {
        double expected = bias == -INFINITY ? bias : (double) score + bias;
        float actual = logSumExp(setting, attention, new float[] {1}, column(score));
        assertScore(setting, score + " with bias " + bias, actual, expected, 1e-6 * Math.abs(expected) + 3e-45);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void scaleAndProduct(Setting setting) {
    for (float scale : new float[] {0, Float.MIN_VALUE, 1e-39f, 1e-20f, 0.35f, 1, -1, 1.5f, -7, 1e10f, 3e38f}) {
      Attention attention = setting.attention().withScale(scale);
      for (float query : EDGES) {
        for (float key : EDGES) {
          double expected = (double) scale * ((double) query * key);
          float plain = scale * (query * key);
          // queries are scaled first: one may vanish before it meets an infinity
          boolean vanishes = Math.abs(scale) < 1 && Math.abs(query * scale) < Float.MIN_NORMAL;
          if (Float.isFinite(plain) || (!Double.isFinite(expected) && !vanishes)) {
            double lost = Float.MIN_VALUE * ((double) Math.abs(query) + Math.abs(key) + Math.abs(scale));
            double tolerance = 1e-6 * Math.abs(expected) + 2 * Math.abs(plain - expected) + lost;
            float actual = logSumExp(setting, attention, new float[] {query}, column(key));
            assertScore(setting, scale + " * " + query + " * " + key, actual, expected, Double.isFinite(tolerance) ? tolerance : 0);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void sinks(Setting setting) {
    for (float sink : EDGES) {
      if (!(sink < INFINITY)) {
        continue; // refused
      }
      Attention attention = setting.attention().withNormaliser(Normaliser.softmaxWithSinks(sink));
      for (float score : EDGES) {
        double high = Math.max(score, sink);
        double sum = Math.exp(score - high) + Math.exp(sink - high);
        double expected = high == -INFINITY ? high : high + Math.log(sum);
        float actual = logSumExp(setting, attention, new float[] {1}, column(score));
        assertScore(setting, score + " and sink " + sink, actual, expected, 1e-6 * Math.abs(expected) + 1e-7);
        Heads output = Heads.zeros(1, 1, setting.path.queries, 1);
        compute(setting, attention, rows(setting.path.queries, 1), column(score), column(1), Results.of().output(output));
        double weight = score == -INFINITY ? 0 : Math.exp(score - high) / sum;
        assertClose(setting + ": weight of " + score + " and sink " + sink, output.data()[0], weight, 1e-6);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void elementwiseNormalisers(Setting setting) {
    List<Normaliser> normalisers = new ArrayList<>();
    for (Normaliser each : List.of(Normaliser.relu(), Normaliser.squaredRelu(), Normaliser.sigmoid(), Normaliser.linear())) {
      normalisers.add(each);
      normalisers.add(each.dividedByKeys());
    }
    for (Normaliser normaliser : normalisers) {
      for (float score : edgesAround(88)) {
        double x = score;
        double expected =
            switch (normaliser.kind()) {
              case RELU -> Math.max(x, 0);
              case SQUARED_RELU -> Math.max(x, 0) * Math.max(x, 0);
              case SIGMOID -> 1 / (1 + Math.exp(-x));
              case LINEAR -> x == -INFINITY ? 0 : x;
              case SOFTMAX -> throw new AssertionError(normaliser);
            };
        Heads weights = Heads.zeros(1, 1, setting.path.queries, 1);
        Attention attention = setting.attention().withNormaliser(normaliser);
        compute(setting, attention, rows(setting.path.queries, 1), column(score), column(1), Results.of().weights(weights));
        String what = setting + ": " + normaliser.kind() + " of " + score;
        assertClose(what, weights.data()[0], expected, Double.isFinite(expected) ? 1e-6 * Math.abs(expected) + 1.3e-38 : 0);
      }
    }
  }

  /** The mean of values, under every normaliser that divides. */
  @ParameterizedTest
  @MethodSource("settings")
  void means(Setting setting) {
    List<UnaryOperator<Attention>> means =
        List.of(
            attention -> attention,
            attention -> attention.withSoftcap(2),
            attention -> attention.withNormaliser(Normaliser.relu().dividedByKeys()),
            attention -> attention.withNormaliser(Normaliser.linear().dividedByKeys()));
    for (UnaryOperator<Attention> mean : means) {
      for (float a : EDGES) {
        for (float b : EDGES) {
          for (int times : new int[] {1, 4}) {
            Heads value = Heads.zeros(1, 1, 2 * times, 1);
            for (int j = 0; j < 2 * times; j++) {
              value.data()[j] = j % 2 == 0 ? a : b;
            }
            Heads key = rows(2 * times, 1);
            Heads output = Heads.zeros(1, 1, setting.path.queries, 1);
            Results results = Results.of().output(output);
            compute(setting, mean.apply(setting.attention()), rows(setting.path.queries, 1), key, value, results);
            double expected = ((double) a + b) / 2;
            double tolerance = 1e-6 * Math.max(Math.abs(a), Math.abs(b)) + 1e-44;
            String what = setting + ": mean of " + a + " and " + b + ", " + times + " times, way " + means.indexOf(mean);
            for (float element : output.data()) {
              assertClose(what, element, expected, Double.isFinite(expected) ? tolerance : 0);
            }
          }
        }
      }
    }
  }

  /** The stages of the dense paths say the same as the log-sum-exp. */
  @ParameterizedTest
  @MethodSource("settings")
  void stages(Setting setting) {
    if (setting.path == Path.DECODED) {
      return; // whoever asks for stages is not decoded
    }
    for (float cap : SIZES) {
      for (float score : edgesAround(cap)) {
        Heads capped = Heads.zeros(1, 1, setting.path.queries, 1);
        Attention attention = setting.attention().withSoftcap(cap);
        Results results = Results.of().scores(Stage.CAPPED, capped);
        compute(setting, attention, rows(setting.path.queries, 1), column(score), column(1), results);
        double expected = cap * Math.tanh(score / (double) cap);
        assertClose(setting + ": " + score + " capped by " + cap, capped.data()[0], expected, 1e-6 * Math.abs(expected) + 3e-45);
      }
    }
  }

  /** Keys and values as each format stores them, by every path that reads them. */
  @ParameterizedTest
  @MethodSource("settings")
  void storedNumbers(Setting setting) {
    float[] halves = {65504, 65519, 65520, 0x1p-14f, 0x1p-24f, 0x1p-25f, 0x1.002p-25f, 1 + 0x1p-11f, 1 + 0x1p-8f, 1 + 0x1.8p-7f};
    float[] table = Arrays.copyOf(EDGES, EDGES.length + halves.length);
    System.arraycopy(halves, 0, table, EDGES.length, halves.length);
    for (KeyValueFormat format : KeyValueFormat.values()) {
      for (boolean offHeap : new boolean[] {false, true}) {
        for (float x : table) {
          KeyValueCache.Builder builder = KeyValueCache.builder(1, 1).format(format).capacity(20);
          try (KeyValueCache cache = (offHeap ? builder.offHeap() : builder).build()) {
            cache.append(column(x), column(x));
            double expected = stored(format, x);
            String what = x + " as " + format + (offHeap ? " off heap" : "");
            float[] logSumExp = new float[setting.path.queries];
            Heads output = Heads.zeros(1, 1, setting.path.queries, 1);
            Results results = Results.of().output(output).logSumExp(logSumExp);
            setting.attention().compute(rows(setting.path.queries, 1), List.of(cache), results);
            assertScore(setting, what, logSumExp[0], expected, 1e-6 * Math.abs(expected));
            if (Double.isFinite(expected)) {
              assertClose(setting + ": value " + what, output.data()[0], expected, 1e-6 * Math.abs(expected));
            }
          }
        }
      }
    }
  }

  private static double stored(KeyValueFormat format, float x) {
    return switch (format) {
      case F32 -> x;
      case F16 -> rounded(x, -14, 10, 65504);
      case BF16 -> rounded(x, -126, 7, Float.MAX_VALUE);
      case INT8 -> !Float.isFinite(x) ? Double.NaN : Math.abs(x) < 127 * Float.MIN_NORMAL ? 0 : x;
    };
  }

  /** The nearest number with so many bits of fraction, ties to even. */
  private static double rounded(float x, int leastExponent, int bits, double most) {
    if (!Float.isFinite(x)) {
      return x;
    }
    double step = Math.scalb(1.0, Math.max(Math.getExponent(x), leastExponent) - bits);
    double rounded = Math.rint(x / step) * step;
    return Math.abs(rounded) > most ? Math.copySign(INFINITY, x) : rounded;
  }
}
