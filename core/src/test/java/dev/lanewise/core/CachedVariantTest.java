package dev.lanewise.core;

import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.PlainCache;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Variant;
import dev.lanewise.core.testing.VariantFeatures;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.testing.Sample;
import dev.lanewise.testing.TestedKernels;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attention to cached keys in any format, with any mask, change of scores and normaliser, compared with the reference on the stored
 * numbers.
 */
class CachedVariantTest {
  private static final int CASES = 300;

  static LongStream seeds() {
    return Sample.seeds(Problem.SEED, CASES);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void agreesWithTheReference(long seed) {
    new Case(seed).verify();
  }

  /** Sequences, each with its own cache. */
  private static final class Case {
    private final String name;
    private final Heads query;
    private final Heads key;
    private final Heads value;
    private final int valueDim;
    private final int threads;
    private final PackedSequences sequences;
    private final CachedSequence[] caches;
    private final Variant variant = new Variant();

    Case(long seed) {
      Random random = new Random(seed);
      int count = 1 + random.nextInt(3);
      int keyValueHeads = 1 + random.nextInt(3);
      int heads = keyValueHeads * pick(random, 1, 1, 2, 3, 4, 5);
      int headDim = pick(random, 1, 5, 16, 40, 64, 67, 128);
      valueDim = pick(random, 1, 8, 33, 64, 67, 128, 130);
      threads = 1 + random.nextInt(3);
      int[] queryStarts = new int[count + 1];
      int[] keyStarts = new int[count + 1];
      for (int b = 0; b < count; b++) {
        queryStarts[b + 1] = queryStarts[b] + pick(random, 0, 1, 1, 1, 2, 3, 4, 5, 16, 17, 40);
        keyStarts[b + 1] = keyStarts[b] + pick(random, 0, 1, 15, 16, 17, 63, 64, 65, 130, 530, 1100);
      }
      sequences = PackedSequences.of(queryStarts, keyStarts);
      query = Views.random(random.nextBoolean() ? Layout.DENSE : Layout.GAPS, 1, heads, queryStarts[count], headDim, seed);
      key = Views.random(Layout.ROWS_FIRST, 1, keyValueHeads, keyStarts[count], headDim, seed + 1);
      value = Views.random(Layout.DENSE, 1, keyValueHeads, keyStarts[count], valueDim, seed + 2);
      KeyValueFormat format = KeyValueFormat.values()[random.nextInt(4)];
      boolean offHeap = random.nextInt(4) == 0;
      caches = new CachedSequence[count];
      for (int b = 0; b < count; b++) {
        PlainCache cache = PlainCache.of(format, offHeap, key, value, keyStarts[b], keyStarts[b + 1], random);
        cache.readBack(key, value, keyStarts[b]);
        caches[b] = cache;
      }
      CallShape shape = CallShape.of(query, key, sequences);
      boolean plain = random.nextInt(3) > 0;
      variant.mask = any(VariantFeatures.masks(shape, random.nextLong()), random);
      variant.normaliser = plain ? variant.normaliser : any(VariantFeatures.normalisers(heads, random), random);
      variant.similarity = plain ? variant.similarity : any(VariantFeatures.similarities(headDim, random), random);
      variant.sequences = sequences;
      VariantFeatures.Change change = any(List.of(VariantFeatures.Change.values()), random);
      change.set(variant, shape, random);
      name =
          String.join(
              ", ",
              format + (offHeap ? " off heap" : ""),
              variant.mask.toString(),
              change.toString(),
              variant.normaliser.kind().toString(),
              variant.similarity.kind().toString(),
              "heads " + heads + "/" + keyValueHeads,
              "queries " + java.util.Arrays.toString(queryStarts),
              "keys " + java.util.Arrays.toString(keyStarts),
              "dims " + headDim + "/" + valueDim,
              "threads " + threads,
              "seed " + seed);
    }

    private static int pick(Random random, int... values) {
      return values[random.nextInt(values.length)];
    }

    private static <T> T any(List<T> list, Random random) {
      return list.get(random.nextInt(list.size()));
    }

    void verify() {
      ReferenceAttention reference = variant.reference(query, key, value);
      ReferenceAttention plain = reference.inFloat();
      double[] expected = reference.output();
      double[] inFloat = plain.output();
      boolean hasLogSumExp = variant.normaliser.hasLogSumExp();
      double[] expectedSums = hasLogSumExp ? reference.logSumExp() : new double[0];
      double[] sumsInFloat = hasLogSumExp ? plain.logSumExp() : new double[0];
      for (Kernels kernels : TestedKernels.all()) {
        String call = kernels.path() + ", " + name;
        Attention attention = variant.attention().withKernels(kernels).withThreads(threads);
        Heads output = Views.filled(Layout.GAPS, 1, query.heads(), query.rows(), valueDim, Views.SENTINEL);
        float[] logSumExp = new float[query.heads() * query.rows()];
        Results results = Results.of().withOutput(output);
        attention.computeCached(query, caches, hasLogSumExp ? results.withLogSumExp(logSumExp) : results);
        Views.assertOnlyTheViewWritten(output, call);
        Budget.assertWithin("output, " + call, Views.dense(output), inFloat, expected);
        if (hasLogSumExp) {
          Budget.assertWithin("logSumExp, " + call, logSumExp, sumsInFloat, expectedSums);
        }
      }
    }
  }
}
