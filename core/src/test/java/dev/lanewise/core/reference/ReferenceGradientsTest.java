package dev.lanewise.core.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.Attention;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.data.Similarity;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gradients of the reference against differences of the forward reference, whose sums are in double. */
@Tag("once")
class ReferenceGradientsTest {
  private static final int BATCH = 2;
  private static final int HEADS = 4;
  private static final int QUERIES = 5;
  private static final int KEYS = 6;
  private static final int WIDTH = 3;
  private static final int VALUE_WIDTH = 2;
  private static final float STEP = 0x1p-8f;

  private final Random random = new Random(21);
  private final Heads query = Views.random(Layout.GAPS, BATCH, HEADS, QUERIES, WIDTH, 1);
  private final Heads key = Views.random(Layout.GAPS, BATCH, 2, KEYS, WIDTH, 2);
  private final Heads value = Views.random(Layout.GAPS, BATCH, 2, KEYS, VALUE_WIDTH, 3);
  private final Heads outputGradient = Views.random(Layout.GAPS, BATCH, HEADS, QUERIES, VALUE_WIDTH, 4);
  private final float[] logSumExpGradient = Views.randomArray(BATCH * HEADS * QUERIES, 1, 5);
  private final float[] vector = Views.randomArray(WIDTH, 1, 6);
  private final float[] slopes = Views.randomArray(HEADS, 0.3, 7);
  private final float[] sinks = Views.randomArray(HEADS, 1, 8);
  private final float[] scale = {0.8f};
  private Bias bias = Bias.of(Views.randomArray(HEADS * QUERIES * KEYS, 1, 9), HEADS, QUERIES, KEYS);
  private final Bias positionBias = Bias.of(Views.randomArray(KEYS, 1, 10), KEYS);
  private Normaliser.Kind kind = Normaliser.Kind.SOFTMAX;
  private boolean averages;
  private Similarity.Kind similarity = Similarity.Kind.DOT;
  private Mask mask = Mask.causal();
  private boolean changes = true;

  /** The attention with the numbers that the parameters have now. */
  private Attention attention() {
    Normaliser normaliser =
        switch (kind) {
          case SOFTMAX -> Normaliser.softmaxWithSinks(sinks);
          case RELU -> Normaliser.relu();
          case SQUARED_RELU -> Normaliser.squaredRelu();
          case SIGMOID -> Normaliser.sigmoid();
          case LINEAR -> Normaliser.linear();
        };
    Similarity compared =
        switch (similarity) {
          case DOT -> Similarity.dot();
          case COSINE -> Similarity.cosine();
          case ADDITIVE -> Similarity.additive(vector);
        };
    Attention attention = Attention.standard().withMask(mask).withScale(scale[0]).withSimilarity(compared);
    attention = attention.withNormaliser(averages ? normaliser.dividedByKeys() : normaliser).withDropout(0.2f, 7, 8);
    if (!changes) {
      return attention;
    }
    attention = Attention.of(attention.settings().withPositions(new ScoreChange.AddedBias(positionBias, true)));
    return attention.withSoftcap(2).withBias(bias).withAlibi(slopes);
  }

  private double loss() {
    ReferenceAttention forward = ReferenceAttention.of(attention(), query, key, value);
    double[] output = forward.output();
    float[] gradient = Views.dense(outputGradient);
    double sum = 0;
    for (int i = 0; i < output.length; i++) {
      sum += output[i] * gradient[i];
    }
    if (kind == Normaliser.Kind.SOFTMAX) {
      double[] logSumExp = forward.logSumExp();
      for (int i = 0; i < logSumExp.length; i++) {
        sum += Double.isInfinite(logSumExp[i]) ? 0 : logSumExp[i] * logSumExpGradient[i];
      }
    }
    return sum;
  }

  private ReferenceGradients gradients() {
    ReferenceGradients gradients = ReferenceGradients.of(attention(), query, key, value, outputGradient);
    return kind == Normaliser.Kind.SOFTMAX ? gradients.withLogSumExpGradient(logSumExpGradient) : gradients;
  }

  /** Differences at two steps, extrapolated: (4 · difference of half the step − difference of the step) / 3. */
  private static double difference(float[] data, int i, DoubleSupplier loss) {
    double near = difference(data, i, STEP / 2, loss);
    return near + (near - difference(data, i, STEP, loss)) / 3;
  }

  private static double difference(float[] data, int i, float step, DoubleSupplier loss) {
    float kept = data[i];
    data[i] = kept + step;
    double above = data[i];
    double up = loss.getAsDouble();
    data[i] = kept - step;
    double difference = (up - loss.getAsDouble()) / (above - data[i]);
    data[i] = kept;
    return difference;
  }

  private void verifyAll() {
    ReferenceGradients gradients = gradients();
    verify("query", query, gradients.query());
    verify("key", key, gradients.key());
    verify("value", value, gradients.value());
    verify("scale", scale, gradients.scale());
    if (similarity == Similarity.Kind.ADDITIVE) {
      verify("vector", vector, gradients.additiveVector());
    }
    if (kind == Normaliser.Kind.SOFTMAX) {
      verify("sinks", sinks, gradients.sinks());
    }
    if (changes) {
      verify("slopes", slopes, gradients.slopes());
      verify("bias", bias.data(), gradients.bias());
      verify("positionBias", positionBias.data(), gradients.positionBias());
    }
  }

  private void verify(String what, Heads view, double[] gradient) {
    List<Integer> places = new ArrayList<>();
    Views.forEach(view, places::add);
    assertThat(gradient).as(what).hasSize(places.size());
    for (int i = 0; i < gradient.length; i++) {
      verify(what, view.data(), places.get(i), gradient[i]);
    }
  }

  private void verify(String what, float[] data, double[] gradient) {
    assertThat(gradient).as(what).hasSize(data.length);
    for (int i = 0; i < gradient.length; i++) {
      verify(what, data, i, gradient[i]);
    }
  }

  private void verify(String what, float[] data, int i, double gradient) {
    double difference = difference(data, i, this::loss);
    assertThat(gradient).as("gradient of %s %d, %s", what, i, kind).isCloseTo(difference, within(2e-5 * Math.max(1, Math.abs(difference))));
  }

  @Test
  void everyNormaliserWithEveryChange() {
    for (Normaliser.Kind each : Normaliser.Kind.values()) {
      kind = each;
      averages = each != Normaliser.Kind.SOFTMAX && random.nextBoolean();
      verifyAll();
    }
  }

  @Test
  void everySimilarity() {
    for (Similarity.Kind each : Similarity.Kind.values()) {
      similarity = each;
      changes = false;
      verifyAll();
      changes = true;
      verifyAll();
    }
  }

  @Test
  void everyBroadcastOfABias() {
    int[][] shapes = {
      {1}, {KEYS}, {QUERIES, 1}, {QUERIES, KEYS}, {HEADS, 1, 1}, {HEADS, 1, KEYS}, {BATCH, 1, 1, KEYS}, {BATCH, HEADS, QUERIES, KEYS}
    };
    for (int[] shape : shapes) {
      int length = 1;
      for (int size : shape) {
        length *= size;
      }
      bias = Bias.of(Views.randomArray(length, 1, 11), shape);
      verify("bias", bias.data(), gradients().bias());
    }
  }

  @Test
  void rowsWithoutKeysAndHolesOfAMask() {
    mask = Mask.window(1, 1).and(Mask.keyLengths(0, 4));
    verifyAll();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void functionsAndTheirDerivatives(int hides) {
    Attention attention =
        attention()
            .withScoreFunction(
                (row, offset, length, b, head, queryRow, firstKey) -> {
                  for (int i = offset; i < offset + length; i++) {
                    boolean hidden = hides == 1 && (i - offset + firstKey) % 3 == 1;
                    row[i] = hidden ? Float.NEGATIVE_INFINITY : 0.5f * row[i] + 0.25f;
                  }
                },
                (row, offset, length, b, head, queryRow, firstKey) -> {
                  for (int i = offset; i < offset + length; i++) {
                    row[i] = 0.5f;
                  }
                });
    double[] gradient = ReferenceGradients.of(attention, query, key, value, outputGradient).query();
    // the function works on floats, so differences are coarse
    float[] data = query.data();
    List<Integer> places = new ArrayList<>();
    Views.forEach(query, places::add);
    for (int i = 0; i < places.size(); i += 7) {
      double difference =
          difference(
              data,
              places.get(i),
              0.05f,
              () -> {
                double[] output = ReferenceAttention.of(attention, query, key, value).output();
                float[] ofOutput = Views.dense(outputGradient);
                double sum = 0;
                for (int n = 0; n < output.length; n++) {
                  sum += output[n] * ofOutput[n];
                }
                return sum;
              });
      assertThat(gradient[i]).as("gradient of query %d", i).isCloseTo(difference, within(2e-3));
    }
  }

  @Test
  void packedSequences() {
    Heads rows = Views.random(Layout.DENSE, 1, 2, 7, WIDTH, 12);
    PackedSequences sequences = PackedSequences.of(new int[] {0, 3, 3, 7}, new int[] {0, 2, 5, 7});
    Attention packed = Attention.standard().withPackedSequences(sequences);
    Heads gradient = Views.random(Layout.DENSE, 1, 2, 7, WIDTH, 13);
    double[] whole = ReferenceGradients.of(packed, rows, rows, rows, gradient).key();
    double[] last =
        ReferenceGradients.of(Attention.standard(), rows.rows(3, 7), rows.rows(5, 7), rows.rows(5, 7), gradient.rows(3, 7)).key();
    for (int head = 0; head < 2; head++) {
      for (int i = 0; i < 2 * WIDTH; i++) {
        assertThat(whole[(head * 7 + 5) * WIDTH + i]).isCloseTo(last[head * 2 * WIDTH + i], within(1e-15));
      }
      for (int i = 2 * WIDTH; i < 5 * WIDTH; i++) {
        assertThat(whole[head * 7 * WIDTH + i]).as("a key without queries").isZero();
      }
    }
  }
}
