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
import static dev.lanewise.core.testing.FloatEdges.sizes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.FloatEdges;
import dev.lanewise.core.testing.FloatEdges.Path;
import dev.lanewise.core.testing.FloatEdges.Setting;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.testing.TestedKernels;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Scores at the edges of float: each path and the reference are compared with the formula in double. The results must have the same class
 * (NaN, infinite, finite, zero) and be close. The log-sum-exp of a single key is its score, so decoding over a cache is tested as well.
 */
class ScoreEdgesTest {
  static Stream<Setting> settings() {
    return FloatEdges.settings();
  }

  @ParameterizedTest
  @MethodSource("settings")
  void softcap(Setting setting) {
    for (float cap : sizes()) {
      Attention attention = setting.attention().withSoftcap(cap);
      for (float score : edgesAround(cap)) {
        double expected = cap * Math.tanh(score / (double) cap);
        float actual = logSumExp(setting, attention, new float[] {1}, column(score));
        assertScore(setting, "score " + score + " capped by " + cap, actual, expected, 1e-6 * Math.abs(expected) + 3e-45);
        double reference = ReferenceAttention.of(Attention.standard().withSoftcap(cap), column(1), column(score)).logSumExp()[0];
        assertScore(setting, "reference of " + score + " capped by " + cap, (float) reference, expected, 1e-6 * Math.abs(expected));
      }
    }
  }

  /** Queries 0 and 1 alternate: the small softcap once gave a wrong result for the queries 0. */
  @ParameterizedTest
  @MethodSource("settings")
  void aSmallSoftcapBesideALargeScore(Setting setting) {
    int queries = 2 * setting.path().queries;
    Heads query = Heads.zeros(1, 1, queries, 1);
    for (int i = 1; i < queries; i += 2) {
      query.data()[i] = 1;
    }
    Heads output = Heads.zeros(1, 1, queries, 1);
    compute(setting, setting.attention().withSoftcap(1e-39f), query, column(1), column(3), Results.of().withOutput(output));
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
            if (setting.path() == Path.DENSE) {
              ReferenceAttention reference =
                  ReferenceAttention.of(Attention.standard().withSimilarity(Similarity.cosine()), rows(1, a, b), key);
              assertScore(setting, "reference of " + what, (float) reference.logSumExp()[0], expected, 2e-6);
            }
          }
        }
      }
    }
  }

  /** Only the first of five keys is visible, at distance 4 from the last query. */
  @ParameterizedTest
  @MethodSource("settings")
  void alibi(Setting setting) {
    for (float size : sizes()) {
      for (float slope : new float[] {size, -size, 0}) {
        Attention attention = setting.attention().withAlibi(slope).withMask(Mask.keyLengths(1));
        for (float score : edges()) {
          double expected = score - 4 * (double) slope;
          float actual = logSumExp(setting, attention, new float[] {1}, column(score, 1, 1, 1, 1));
          assertScore(setting, score + " with slope " + slope, actual, expected, 1e-6 * Math.abs(expected) + 3e-45);
        }
      }
    }
  }

  /** Distances of neighbouring keys differ by one beyond 2²⁴ as well, where floats do not count by ones. */
  @Test
  void alibiTellsFarKeysApart() {
    float slope = 0x1p-20f;
    Heads scores = Heads.zeros(1, 1, 3, 150);
    for (Kernels kernels : TestedKernels.all()) {
      for (int offset : new int[] {-(1 << 25), (1 << 24) + 20, 1 << 25}) {
        Attention attention = Attention.standard().withKernels(kernels).withAlibi(new float[] {slope}, offset);
        attention.compute(rows(3, 1), Heads.zeros(1, 1, 150, 1), Results.of().withScores(Stage.CHANGED, scores));
        for (int i = 0; i < 3; i++) {
          for (int j = 0; j < 150; j++) {
            double expected = -slope * (double) Math.abs(i + (long) offset - j);
            assertThat((double) scores.get(0, 0, i, j))
                .as("%s, offset %d, key %d", kernels.path(), offset, j)
                .isCloseTo(expected, within(4e-6));
          }
        }
      }
    }
  }

  /** Positions and distances beyond the range of int. */
  @ParameterizedTest
  @MethodSource("settings")
  void alibiWithTheLargestOffsets(Setting setting) {
    int last = setting.path().queries - 1;
    for (int offset : new int[] {Integer.MIN_VALUE, Integer.MAX_VALUE, -7}) {
      double expected = 1 - Math.abs(last + (double) offset);
      float actual = logSumExp(setting, setting.attention().withAlibi(new float[] {1}, offset), new float[] {1}, column(1));
      assertScore(setting, "offset " + offset, actual, expected, 1e-6 * Math.abs(expected));
      Attention plain = Attention.standard().withAlibi(new float[] {1}, offset);
      double reference = ReferenceAttention.of(plain, rows(last + 1, 1), column(1)).logSumExp()[last];
      assertScore(setting, "reference of offset " + offset, (float) reference, expected, 1e-6 * Math.abs(expected));
    }
  }

  @ParameterizedTest
  @MethodSource("settings")
  void bias(Setting setting) {
    for (float bias : edges()) {
      Attention attention = setting.attention().withBias(Bias.of(new float[] {bias}, 1));
      for (float score : edges()) {
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
      for (float query : edges()) {
        for (float key : edges()) {
          double expected = (double) scale * ((double) query * key);
          float plain = scale * (query * key);
          // queries are scaled first: a query may become 0 before it is multiplied by an infinity
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

  /** The capped scores of the dense paths equal the formula, too. */
  @ParameterizedTest
  @MethodSource("settings")
  void stages(Setting setting) {
    if (setting.path() == Path.DECODED) {
      return; // a call that requests stages is never decoded
    }
    for (float cap : sizes()) {
      for (float score : edgesAround(cap)) {
        Heads capped = Heads.zeros(1, 1, setting.path().queries, 1);
        Attention attention = setting.attention().withSoftcap(cap);
        Results results = Results.of().withScores(Stage.CAPPED, capped);
        compute(setting, attention, rows(setting.path().queries, 1), column(score), column(1), results);
        double expected = cap * Math.tanh(score / (double) cap);
        assertClose(setting + ": " + score + " capped by " + cap, capped.data()[0], expected, 1e-6 * Math.abs(expected) + 3e-45);
      }
    }
  }
}
