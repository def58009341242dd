package dev.lanewise.core;

import static dev.lanewise.core.testing.LongRows.MANY;
import static dev.lanewise.core.testing.LongRows.PATHS;
import static dev.lanewise.core.testing.LongRows.assertClose;
import static dev.lanewise.core.testing.LongRows.filled;
import static dev.lanewise.core.testing.LongRows.inexactValues;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sums over 2<sup>20</sup> keys or queries are accurate to 1e-6, where a single chain of float additions loses up to a tenth. */
class LongSumsTest {
  private static Heads column(float[] data) {
    return Heads.of(data, 1, 1, data.length, 1);
  }

  /** One key, at any index, has a score that is higher than all others by {@code below}. */
  @Test
  void attention() {
    for (Kernels kernels : PATHS) {
      Attention attention = Attention.standard().withKernels(kernels).withScale(1).withThreads(2);
      for (int keys : new int[] {1279, 1281, 65536, MANY + 3}) {
        for (float below : new float[] {0, 0.9f}) {
          for (int special : new int[] {0, keys / 2, keys - 1}) {
            float value = inexactValues()[keys % inexactValues().length];
            float[] scores = filled(keys, -below);
            scores[special] = 0;
            float[] output = new float[1];
            float[] logSumExp = new float[1];
            Results results = Results.of().withOutput(column(output)).withLogSumExp(logSumExp);
            attention.compute(column(new float[] {1}), column(scores), column(filled(keys, value)), results);
            String what = kernels.path() + " " + keys + " " + below + " " + special;
            assertClose(what, value, output);
            assertClose(what, Math.log(1 + (keys - 1) * Math.exp(-below)), logSumExp);
          }
        }
      }
    }
  }

  /** The second pass, values with a stride, a value that must not be multiplied by 0, and weights that are no softmax. */
  @Test
  void otherWaysThroughTheKernel() {
    int keys = MANY;
    float[] scores = filled(keys, 0);
    float[] values = filled(2 * keys, 0.1f);
    for (int i = 100; i < keys; i += 640) {
      values[i] = Float.NaN;
    }
    float[] hides = new float[keys];
    for (int i = 100; i < keys; i += 640) {
      hides[i] = Float.NEGATIVE_INFINITY;
    }
    for (Kernels kernels : PATHS) {
      Attention attention = Attention.standard().withKernels(kernels).withScale(1);
      Heads one = column(new float[] {1});
      float[] output = new float[1];
      float[] weights = new float[keys];
      Results both = Results.of().withOutput(column(output)).withWeights(Heads.of(weights, 1, 1, 1, keys));
      attention.compute(one, column(scores), column(filled(keys, 0.1f)), both);
      assertClose("two passes", 0.1f, output);
      attention.withBias(Bias.of(hides, hides.length)).compute(one, column(scores), column(Arrays.copyOf(values, keys)), column(output));
      assertClose("with NaN", 0.1f, output);
      float[] wide = new float[2];
      Heads apart = new Heads(filled(2 * keys, 0.1f), 0, 1, 1, keys, 2, 0, 0, 1, keys);
      attention.compute(one, column(scores), apart, Heads.of(wide, 1, 1, 1, 2));
      assertClose("columns apart", 0.1f, wide);
      attention.withNormaliser(Normaliser.linear()).compute(one, column(filled(keys, 0.7f)), column(filled(keys, 0.1f)), column(output));
      assertClose("linear", keys * (double) 0.7f * 0.1f, output);
    }
  }

  @Test
  void cachedKeys() {
    for (Kernels kernels : PATHS) {
      for (KeyValueFormat format : List.of(KeyValueFormat.F32, KeyValueFormat.F16)) {
        for (int queries : new int[] {1, 17}) {
          float value = format == KeyValueFormat.F32 ? 0.1f : Float.float16ToFloat(Float.floatToFloat16(0.1f));
          try (KeyValueCache cache = KeyValueCache.builder(1, 1).capacity(MANY).format(format).build()) {
            float[] scores = filled(MANY, -0.9f);
            scores[7] = 0;
            cache.append(column(scores), column(filled(MANY, value)));
            float below = format == KeyValueFormat.F32 ? 0.9f : Float.float16ToFloat(Float.floatToFloat16(0.9f));
            float[] output = new float[queries];
            float[] logSumExp = new float[queries];
            Heads query = column(filled(queries, 1));
            Results results = Results.of().withOutput(column(output)).withLogSumExp(logSumExp);
            Attention.standard().withKernels(kernels).withScale(1).compute(query, List.of(cache), results);
            String what = kernels.path() + " " + format + " " + queries;
            assertClose(what, value, output);
            assertClose(what, Math.log(1 + (MANY - 1) * Math.exp(-below)), logSumExp);
          }
        }
      }
    }
  }

  @Test
  void columnSums() {
    for (Kernels kernels : PATHS) {
      Attention attention = Attention.standard().withKernels(kernels).withThreads(2);
      Heads query = column(filled(MANY, 1));
      float[] sums = new float[3];
      attention.compute(query, column(filled(3, 1)), Results.of().withColumnSums(sums));
      assertClose("column sums", MANY / 3.0, sums);
      float[] packed = new float[3];
      attention
          .withPackedSequences(PackedSequences.of(new int[] {0, MANY}, new int[] {0, 3}))
          .compute(query, column(filled(3, 1)), Results.of().withColumnSums(packed));
      assertClose("column sums, packed", MANY / 3.0, packed);
    }
  }

  @Test
  void wideHeads() {
    float[] wide = filled(MANY, 0.1f);
    for (Kernels kernels : PATHS) {
      Attention attention = Attention.standard().withKernels(kernels).withScale(1);
      Heads row = Heads.of(wide, 1, 1, 1, MANY);
      float[] logSumExp = new float[1];
      attention.compute(row, row, Results.of().withLogSumExp(logSumExp));
      assertClose("dot", MANY * (double) 0.1f * 0.1f, logSumExp);
      attention.withSimilarity(Similarity.cosine()).compute(row, row, Results.of().withLogSumExp(logSumExp));
      assertClose("cosine", 1, logSumExp);
      attention.withSimilarity(Similarity.additive(wide)).compute(row, row, Results.of().withLogSumExp(logSumExp));
      assertClose("additive", MANY * (double) 0.1f * Math.tanh(2 * 0.1f), logSumExp);
      try (KeyValueCache cache = KeyValueCache.builder(1, MANY).capacity(1).valueDim(1).build()) {
        cache.append(row, column(new float[] {1}));
        attention.compute(row, List.of(cache), Results.of().withLogSumExp(logSumExp));
        assertClose("cached", MANY * (double) 0.1f * 0.1f, logSumExp);
      }
    }
  }
}
