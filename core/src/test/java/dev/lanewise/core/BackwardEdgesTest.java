package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.reference.ReferenceGradients;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Backward passes at the edges: hidden keys, rows without keys, NaN, empty shapes, parts of the keys, and threads. */
class BackwardEdgesTest {
  static List<Kernels> paths() {
    return TestedKernels.all();
  }

  /** A call and its gradients by query, key and value. */
  private static final class Call {
    private final Heads query;
    private final Heads key;
    private final Heads value;
    private final Heads outputGradient;
    private final Heads output;
    private final float[] logSumExp;
    private final Heads ofQuery;
    private final Heads ofKey;
    private final Heads ofValue;

    Call(int batch, int heads, int keyValueHeads, int queries, int keys, int width) {
      query = Views.random(Layout.DENSE, batch, heads, queries, width, 1);
      key = Views.random(Layout.DENSE, batch, keyValueHeads, keys, width, 2);
      value = Views.random(Layout.DENSE, batch, keyValueHeads, keys, width, 3);
      outputGradient = Views.random(Layout.DENSE, batch, heads, queries, width, 4);
      output = Heads.zeros(batch, heads, queries, width);
      logSumExp = new float[batch * heads * queries];
      ofQuery = filled(query);
      ofKey = filled(key);
      ofValue = filled(value);
    }

    private static Heads filled(Heads like) {
      return Views.filled(Layout.DENSE, like.batch(), like.heads(), like.rows(), like.width(), Views.SENTINEL);
    }

    void run(Attention attention) {
      run(attention, Gradients.of());
    }

    void run(Attention attention, Gradients others) {
      boolean softmax = attention.settings().formula().normaliser().hasLogSumExp();
      Results results = Results.of().withOutput(output);
      attention.compute(query, key, value, softmax ? results.withLogSumExp(logSumExp) : results);
      backward(attention, others);
    }

    void backward(Attention attention, Gradients others) {
      boolean softmax = attention.settings().formula().normaliser().hasLogSumExp();
      Gradients all = others.withQuery(ofQuery).withKey(ofKey).withValue(ofValue);
      attention.backward(query, key, value, output, softmax ? logSumExp : null, outputGradient, all);
    }

    float[] all() {
      float[] all = Arrays.copyOf(ofQuery.data(), ofQuery.data().length + ofKey.data().length + ofValue.data().length);
      System.arraycopy(ofKey.data(), 0, all, ofQuery.data().length, ofKey.data().length);
      System.arraycopy(ofValue.data(), 0, all, ofQuery.data().length + ofKey.data().length, ofValue.data().length);
      return all;
    }
  }

  private static void fillRow(Heads view, int row, float with) {
    for (int b = 0; b < view.batch(); b++) {
      for (int head = 0; head < view.heads(); head++) {
        Arrays.fill(view.data(), view.index(b, head, row), view.index(b, head, row) + view.width(), with);
      }
    }
  }

  private static boolean isZero(Heads view, int row) {
    boolean zero = true;
    for (int b = 0; b < view.batch(); b++) {
      for (int head = 0; head < view.heads(); head++) {
        for (int column = 0; column < view.width(); column++) {
          zero &= view.get(b, head, row, column) == 0;
        }
      }
    }
    return zero;
  }

  private static List<Attention> variants(Kernels kernels, int heads) {
    Attention standard = Attention.standard().withKernels(kernels);
    return List.of(
        standard,
        standard.withDropout(0.3f, 1, 2),
        standard.withSoftcap(2).withAlibi(Attention.standardSlopes(heads)),
        standard.withNormaliser(Normaliser.sigmoid().dividedByKeys()),
        standard.withNormaliser(Normaliser.relu()),
        standard.withSimilarity(Similarity.cosine()));
  }

  @ParameterizedTest
  @MethodSource("paths")
  void aHiddenKeyOfNaNGoesNowhere(Kernels kernels) {
    for (Attention attention : variants(kernels, 4)) {
      Call call = new Call(2, 4, 2, 37, 41, 12);
      fillRow(call.key, 7, Float.NaN);
      fillRow(call.value, 7, Float.POSITIVE_INFINITY);
      boolean[] seen = new boolean[41];
      Arrays.fill(seen, true);
      seen[7] = false;
      call.run(attention.withMask(Mask.matrix(seen, 41)));
      for (float gradient : call.all()) {
        assertThat(gradient).isFinite();
      }
      assertThat(isZero(call.ofKey, 7)).as("gradient of a key that no query sees").isTrue();
      assertThat(isZero(call.ofValue, 7)).as("gradient of a value that no query sees").isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("paths")
  void aBiasOfMinusInfinityHidesANaN(Kernels kernels) {
    Call call = new Call(1, 2, 2, 9, 20, 8);
    fillRow(call.key, 19, Float.NaN);
    fillRow(call.value, 19, Float.NaN);
    float[] data = new float[20];
    data[19] = Float.NEGATIVE_INFINITY;
    float[] ofBias = new float[20];
    call.run(Attention.standard().withKernels(kernels).withBias(Bias.of(data, 20)), Gradients.of().withBias(ofBias));
    for (float gradient : call.all()) {
      assertThat(gradient).isFinite();
    }
    assertThat(ofBias[19]).isZero();
    assertThat(ofBias[3]).isFinite().isNotZero();
  }

  @ParameterizedTest
  @MethodSource("paths")
  void aRowWithoutKeysHasGradient0WhateverItHolds(Kernels kernels) {
    for (Attention attention : variants(kernels, 2)) {
      Call call = new Call(1, 2, 1, 6, 9, 8);
      fillRow(call.query, 0, Float.NaN);
      fillRow(call.outputGradient, 0, Float.NaN);
      call.run(attention.withMask(Mask.window(2, 0).withAlignment(Mask.Alignment.offsets(-1))));
      for (float gradient : call.all()) {
        assertThat(gradient).isFinite();
      }
      assertThat(isZero(call.ofQuery, 0)).isTrue();
      assertThat(isZero(call.ofQuery, 3)).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource("paths")
  void aSinkOfARowWithoutKeysReceivesTheGradientOfTheLogSumExp(Kernels kernels) {
    Call call = new Call(1, 2, 1, 3, 4, 8);
    float[] ofSinks = new float[2];
    float[] ofLogSumExp = {1, 2, 3, 4, 5, 6};
    Attention attention = Attention.standard().withKernels(kernels).withMask(Mask.keyLengths(0));
    attention = attention.withNormaliser(Normaliser.softmaxWithSinks(0.5f, Float.NEGATIVE_INFINITY));
    call.run(attention, Gradients.of().withSinks(ofSinks).withLogSumExpGradient(ofLogSumExp));
    assertThat(ofSinks).containsExactly(6, 0);
    assertThat(call.all()).containsOnly(0);
  }

  @ParameterizedTest
  @MethodSource("paths")
  void aNaNThatIsSeenStaysInTheRowsThatSeeIt(Kernels kernels) {
    Call call = new Call(1, 1, 1, 8, 8, 8);
    fillRow(call.query, 5, Float.NaN);
    call.run(Attention.standard().withKernels(kernels).withMask(Mask.window(1, 0)));
    for (int row = 0; row < 8; row++) {
      assertThat(Float.isNaN(call.ofQuery.get(0, 0, row, 0))).as("gradient of query %d", row).isEqualTo(row == 5);
      assertThat(Float.isNaN(call.ofKey.get(0, 0, row, 0))).as("gradient of key %d", row).isEqualTo(row == 4 || row == 5);
    }
  }

  /** Shapes with many units, few units that are cut into parts, and biases that units share. */
  @ParameterizedTest
  @MethodSource("paths")
  void theBitsDoNotDependOnTheNumberOfThreads(Kernels kernels) {
    for (Call call : List.of(new Call(3, 6, 3, 33, 65, 8), new Call(1, 2, 1, 200, 333, 8), new Call(2, 2, 2, 140, 70, 8))) {
      int heads = call.query.heads();
      float[] data = Views.randomArray(heads * call.key.rows(), 1, 9);
      Attention attention =
          Attention.standard().withKernels(kernels).withMask(Mask.causal()).withBias(Bias.of(data, heads, 1, call.key.rows()));
      attention = attention.withNormaliser(Normaliser.softmaxWithSinks(new float[heads])).withAlibi(Attention.standardSlopes(heads));
      float[] expected = {};
      float[] expectedOfOthers = {};
      for (int threads = 1; threads <= 4; threads++) {
        float[] ofBias = new float[data.length];
        float[] ofSlopes = new float[heads];
        float[] ofSinks = new float[heads];
        float[] ofScale = new float[1];
        Gradients others = Gradients.of().withBias(ofBias).withSlopes(ofSlopes).withSinks(ofSinks).withScale(ofScale);
        call.run(attention.withThreads(threads), others);
        float[] all = call.all();
        float[] ofOthers = Arrays.copyOf(ofBias, ofBias.length + 2 * heads + 1);
        System.arraycopy(ofSlopes, 0, ofOthers, ofBias.length, heads);
        System.arraycopy(ofSinks, 0, ofOthers, ofBias.length + heads, heads);
        ofOthers[ofOthers.length - 1] = ofScale[0];
        if (threads == 1) {
          expected = all;
          expectedOfOthers = ofOthers;
        }
        Views.assertSameBits(all, expected, threads + " threads");
        Views.assertSameBits(ofOthers, expectedOfOthers, "parameters, " + threads + " threads");
        call.run(Attention.standard().withKernels(kernels).withThreads(threads));
      }
    }
  }

  /** The parts of a split over keys use the log-sum-exp and the output of the whole; their gradients by query add up. */
  @ParameterizedTest
  @MethodSource("paths")
  void partsOfTheKeysAddUp(Kernels kernels) {
    Attention attention = Attention.standard().withKernels(kernels);
    Call call = new Call(1, 2, 2, 7, 30, 8);
    call.run(attention);
    double[] sum = new double[call.ofQuery.data().length];
    float[] expected = call.ofQuery.data().clone();
    for (int from = 0; from < 30; from += 10) {
      Heads part = Heads.zeros(1, 2, 7, 8);
      Heads ofKey = Heads.zeros(1, 2, 10, 8);
      Gradients wanted = Gradients.of().withQuery(part).withKey(ofKey);
      Heads key = call.key.rows(from, from + 10);
      attention.backward(call.query, key, call.value.rows(from, from + 10), call.output, call.logSumExp, call.outputGradient, wanted);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += part.data()[i];
      }
      for (int row = 0; row < 10; row++) {
        assertThat(ofKey.get(0, 1, row, 3)).isCloseTo(call.ofKey.get(0, 1, from + row, 3), within(1e-6f));
      }
    }
    for (int i = 0; i < sum.length; i++) {
      assertThat(sum[i]).isCloseTo(expected[i], within(1e-6));
    }
  }

  @ParameterizedTest
  @MethodSource("paths")
  void emptyShapesHaveGradientsOf0(Kernels kernels) {
    Attention attention = Attention.standard().withKernels(kernels).withNormaliser(Normaliser.softmaxWithSinks(1, 2));
    attention = attention.withAlibi(1, 2);
    for (int[] shape : new int[][] {{0, 3, 3}, {2, 0, 3}, {2, 3, 0}, {0, 0, 0}}) {
      Call call = new Call(shape[0], 2, 1, shape[1], shape[2], 4);
      float[] ofSinks = {1, 1};
      float[] ofSlopes = {1, 1};
      float[] ofScale = {1};
      call.run(attention, Gradients.of().withSinks(ofSinks).withSlopes(ofSlopes).withScale(ofScale));
      assertThat(call.all()).as("shape %s", Arrays.toString(shape)).hasSize(4 * shape[0] * (2 * shape[1] + 2 * shape[2]));
      assertThat(call.all()).doesNotContain(Views.SENTINEL);
      assertThat(new float[][] {ofSinks, ofSlopes, {ofScale[0], 0}}).isDeepEqualTo(new float[][] {{0, 0}, {0, 0}, {0, 0}});
    }
  }

  @ParameterizedTest
  @MethodSource("paths")
  void aSingleKeyHasGradient0(Kernels kernels) {
    Call call = new Call(1, 1, 1, 5, 1, 16);
    call.run(Attention.standard().withKernels(kernels));
    for (float gradient : call.ofQuery.data()) {
      assertThat((double) gradient).isCloseTo(0, within(1e-5));
    }
    double[] expected = ReferenceGradients.of(Attention.standard(), call.query, call.key, call.value, call.outputGradient).value();
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) call.ofValue.data()[i]).isCloseTo(expected[i], within(1e-5));
    }
  }

  /** The product dO · O leaves the range of floats, but the gradient of the sink, which has a tiny weight, does not. */
  @ParameterizedTest
  @MethodSource("paths")
  void theGradientOfASinkAloneSurvivesAnOverflow(Kernels kernels) {
    Heads query = Heads.zeros(1, 1, 1, 1);
    Heads key = Heads.zeros(1, 1, 2, 1);
    Heads large = Heads.of(new float[] {1e30f, 1e30f}, 1, 1, 2, 1);
    Heads output = Heads.zeros(1, 1, 1, 1);
    float[] logSumExp = new float[1];
    float[] gradient = new float[1];
    Attention attention = Attention.standard().withNormaliser(Normaliser.softmaxWithSinks(-200)).withKernels(kernels);
    attention.compute(query, key, large, Results.of().withOutput(output).withLogSumExp(logSumExp));
    attention.backward(query, key, large, output, logSumExp, large.rows(0, 1), Gradients.of().withSinks(gradient));
    assertThat(gradient[0]).isCloseTo((float) (-1e60 * Math.exp(-200 - Math.log(2))), within(1e-31f));
  }
}
