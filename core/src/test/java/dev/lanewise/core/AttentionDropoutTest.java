package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceAttention;
import dev.lanewise.core.testing.Budget;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.testing.TestedKernels;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Dropout of attention weights: the same weights on every path, on any threads and tiles. */
@Tag("twice")
class AttentionDropoutTest {
  private static final int BATCH = 2;
  private static final int HEADS = 4;
  private static final int WIDTH = 24;

  private static Heads view(int heads, int rows, long seed) {
    return Views.random(Layout.GAPS, BATCH, heads, rows, WIDTH, seed);
  }

  private static Attention attention() {
    return Attention.standard().withMask(Mask.window(300, 40)).withDropout(0.2f, 99, 3);
  }

  @Test
  void outputAndWeightsAreThoseOfTheReference() {
    for (Kernels kernels : TestedKernels.all()) {
      for (Normaliser normaliser : new Normaliser[] {Normaliser.softmax(), Normaliser.sigmoid().dividedByKeys()}) {
        Attention attention = attention().withNormaliser(normaliser).withKernels(kernels);
        Heads query = view(HEADS, 77, 1);
        Heads key = view(2, 391, 2);
        Heads value = view(2, 391, 3);
        Heads output = Heads.zeros(BATCH, HEADS, 77, WIDTH);
        Heads weights = Heads.zeros(BATCH, HEADS, 77, 391);
        attention.compute(query, key, value, output);
        attention.compute(query, key, Results.of().withWeights(weights));
        ReferenceAttention reference = ReferenceAttention.of(attention, query, key, value);
        Budget.assertWithin("output on " + kernels.path(), output.data(), reference.inFloat().output(), reference.output());
        double[] expected = reference.weights();
        Budget.assertWithin("weights on " + kernels.path(), weights.data(), reference.inFloat().weights(), expected);
        for (int i = 0; i < expected.length; i++) {
          assertThat(weights.data()[i] == 0).as("weight %d is dropped or hidden", i).isEqualTo(expected[i] == 0);
        }
      }
    }
  }

  @Test
  void theLogSumExpIsThatWithoutDropout() {
    for (Kernels kernels : TestedKernels.all()) {
      Heads query = view(HEADS, 33, 4);
      Heads key = view(2, 50, 5);
      float[] with = new float[BATCH * HEADS * 33];
      float[] without = new float[BATCH * HEADS * 33];
      Attention attention = attention().withKernels(kernels);
      attention.compute(query, key, Results.of().withLogSumExp(with));
      attention.withDropout(0, 1, 1).compute(query, key, Results.of().withLogSumExp(without));
      Views.assertSameBits(with, without, "log-sum-exp on " + kernels.path());
    }
  }

  @Test
  void aCacheAndArraysGiveTheSameBits() {
    for (Kernels kernels : TestedKernels.all()) {
      Attention attention = Attention.standard().withMask(Mask.causal()).withDropout(0.4f, 5, 6).withKernels(kernels);
      for (int queries : new int[] {1, 3, 40}) {
        Heads query = view(HEADS, queries, 9).batch(0, 1);
        Heads key = view(2, 200, 10).batch(0, 1);
        Heads value = view(2, 200, 11).batch(0, 1);
        KeyValueCache cache = KeyValueCache.builder(2, WIDTH).capacity(256).build();
        cache.append(key, value);
        Heads ofArrays = Heads.zeros(1, HEADS, queries, WIDTH);
        Heads ofCache = Heads.zeros(1, HEADS, queries, WIDTH);
        attention.compute(query, key, value, ofArrays);
        attention.compute(query, cache, ofCache);
        Views.assertSameBits(ofCache.data(), ofArrays.data(), queries + " queries over a cache on " + kernels.path());
      }
    }
  }

  @Test
  void threadsAndChunksGiveTheSameBits() {
    for (Kernels kernels : TestedKernels.all()) {
      Attention attention = attention().withKernels(kernels);
      Heads query = view(HEADS, 5, 6);
      Heads key = view(1, 2000, 7);
      Heads value = view(1, 2000, 8);
      Heads one = Heads.zeros(BATCH, HEADS, 5, WIDTH);
      Heads three = Heads.zeros(BATCH, HEADS, 5, WIDTH);
      attention.compute(query, key, value, one);
      attention.withThreads(3).compute(query, key, value, three);
      Views.assertSameBits(three.data(), one.data(), "output of three threads on " + kernels.path());
      attention.withDropout(0, 1, 1).compute(query, key, value, three);
      assertThat(three.data()).isNotEqualTo(one.data());
    }
  }
}
