package dev.lanewise.core;

import static dev.lanewise.core.testing.FloatEdges.INFINITY;
import static dev.lanewise.core.testing.FloatEdges.assertClose;
import static dev.lanewise.core.testing.FloatEdges.assertScore;
import static dev.lanewise.core.testing.FloatEdges.column;
import static dev.lanewise.core.testing.FloatEdges.compute;
import static dev.lanewise.core.testing.FloatEdges.edges;
import static dev.lanewise.core.testing.FloatEdges.edgesAround;
import static dev.lanewise.core.testing.FloatEdges.logSumExp;
import static dev.lanewise.core.testing.FloatEdges.rows;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.testing.FloatEdges;
import dev.lanewise.core.testing.FloatEdges.Setting;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Normaliser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Weights, means and stored numbers at the edges of float: each path is compared with the formula in double. The results must have the same
 * class (NaN, infinite, finite, zero) and be close.
 */
class WeightEdgesTest {
  static Stream<Setting> settings() {
    return FloatEdges.settings();
  }

  @ParameterizedTest
  @MethodSource("settings")
  void sinks(Setting setting) {
    for (float sink : edges()) {
      if (!(sink < INFINITY)) {
        continue; // refused
      }
      Attention attention = setting.attention().withNormaliser(Normaliser.softmaxWithSinks(sink));
      for (float score : edges()) {
        double high = Math.max(score, sink);
        double sum = Math.exp(score - high) + Math.exp(sink - high);
        double expected = high == -INFINITY ? high : high + Math.log(sum);
        float actual = logSumExp(setting, attention, new float[] {1}, column(score));
        assertScore(setting, score + " and sink " + sink, actual, expected, 1e-6 * Math.abs(expected) + 1e-7);
        Heads output = Heads.zeros(1, 1, setting.path().queries, 1);
        compute(setting, attention, rows(setting.path().queries, 1), column(score), column(1), Results.of().withOutput(output));
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
        Heads weights = Heads.zeros(1, 1, setting.path().queries, 1);
        Attention attention = setting.attention().withNormaliser(normaliser);
        compute(setting, attention, rows(setting.path().queries, 1), column(score), column(1), Results.of().withWeights(weights));
        String what = setting + ": " + normaliser.kind() + " of " + score;
        assertClose(what, weights.data()[0], expected, Double.isFinite(expected) ? 1e-6 * Math.abs(expected) + 1.3e-38 : 0);
      }
    }
  }

  /** The mean of values, for every normaliser that divides. */
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
      for (float a : edges()) {
        for (float b : edges()) {
          for (int times : new int[] {1, 4}) {
            Heads value = Heads.zeros(1, 1, 2 * times, 1);
            for (int j = 0; j < 2 * times; j++) {
              value.data()[j] = j % 2 == 0 ? a : b;
            }
            Heads key = rows(2 * times, 1);
            Heads output = Heads.zeros(1, 1, setting.path().queries, 1);
            Results results = Results.of().withOutput(output);
            compute(setting, mean.apply(setting.attention()), rows(setting.path().queries, 1), key, value, results);
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

  /** Each format stores keys and values with its own rounding, for every path that reads them. */
  @ParameterizedTest
  @MethodSource("settings")
  void storedNumbers(Setting setting) {
    float[] halves = {65504, 65519, 65520, 0x1p-14f, 0x1p-24f, 0x1p-25f, 0x1.002p-25f, 1 + 0x1p-11f, 1 + 0x1p-8f, 1 + 0x1.8p-7f};
    float[] table = Arrays.copyOf(edges(), edges().length + halves.length);
    System.arraycopy(halves, 0, table, edges().length, halves.length);
    for (KeyValueFormat format : KeyValueFormat.values()) {
      for (boolean offHeap : new boolean[] {false, true}) {
        for (float x : table) {
          KeyValueCache.Builder builder = KeyValueCache.builder(1, 1).format(format).capacity(20);
          try (KeyValueCache cache = (offHeap ? builder.offHeap() : builder).build()) {
            cache.append(column(x), column(x));
            double expected = stored(format, x);
            String what = x + " as " + format + (offHeap ? " off heap" : "");
            float[] logSumExp = new float[setting.path().queries];
            Heads output = Heads.zeros(1, 1, setting.path().queries, 1);
            Results results = Results.of().withOutput(output).withLogSumExp(logSumExp);
            setting.attention().compute(rows(setting.path().queries, 1), List.of(cache), results);
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

  /** The nearest number with {@code bits} bits of fraction, ties to even. */
  private static double rounded(float x, int leastExponent, int bits, double most) {
    if (!Float.isFinite(x)) {
      return x;
    }
    double step = Math.scalb(1.0, Math.max(Math.getExponent(x), leastExponent) - bits);
    double rounded = Math.rint(x / step) * step;
    return Math.abs(rounded) > most ? Math.copySign(INFINITY, x) : rounded;
  }
}
