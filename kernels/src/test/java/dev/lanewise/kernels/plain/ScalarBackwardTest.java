package dev.lanewise.kernels.plain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.GradientResults;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every gradient in plain Java against differences of the forward pass; {@code core} compares them with a reference in double. */
@Tag("once")
class ScalarBackwardTest {
  private static final int BATCH = 2;
  private static final int HEADS = 4;
  private static final int QUERIES = 5;
  private static final int KEYS = 6;
  private static final int WIDTH = 3;
  private static final float STEP = 0x1p-4f;

  private final Random random = new Random(21);
  private final Heads query = random(HEADS, QUERIES);
  private final Heads key = random(2, KEYS);
  private final Heads value = random(2, KEYS);
  private final Heads outputGradient = random(HEADS, QUERIES);
  private final float[] logSumExpGradient = random(BATCH * HEADS * QUERIES);
  private final float[] vector = random(WIDTH);
  private final float[] slopes = random(HEADS);
  private final float[] sinks = random(HEADS);
  private final float[] scale = {0.7f};
  private final Bias bias = Bias.of(random(KEYS), KEYS);
  private final Bias positionBias = Bias.of(random(HEADS * QUERIES * KEYS), HEADS, QUERIES, KEYS);
  private Similarity.Kind similarity = Similarity.Kind.DOT;
  private Normaliser.Kind kind = Normaliser.Kind.SOFTMAX;

  private float[] random(int length) {
    float[] array = new float[length];
    for (int i = 0; i < length; i++) {
      array[i] = 0.7f * (float) random.nextGaussian();
    }
    return array;
  }

  private Heads random(int heads, int rows) {
    return Heads.of(random(BATCH * heads * rows * WIDTH), BATCH, heads, rows, WIDTH);
  }

  private ScoreFormula formula() {
    Normaliser normaliser =
        switch (kind) {
          case SOFTMAX -> Normaliser.softmaxWithSinks(sinks);
          case RELU -> Normaliser.relu();
          case SQUARED_RELU -> Normaliser.squaredRelu().dividedByKeys();
          case SIGMOID -> Normaliser.sigmoid().dividedByKeys();
          case LINEAR -> Normaliser.linear();
        };
    Similarity compared =
        switch (similarity) {
          case DOT -> Similarity.dot();
          case COSINE -> Similarity.cosine();
          case ADDITIVE -> Similarity.additive(vector);
        };
    ScoreFormula formula = ScoreFormula.STANDARD.withScale(scale[0]).withSimilarity(compared).withNormaliser(normaliser);
    return formula
        .with(new ScoreChange.Softcap(2))
        .with(new ScoreChange.AddedBias(positionBias, true))
        .with(new ScoreChange.AddedBias(bias, false))
        .with(new ScoreChange.Alibi(slopes, null, false))
        .with(
            new ScoreChange.Function(
                (row, offset, length, b, head, queryRow, firstKey) -> {
                  for (int i = offset; i < offset + length; i++) {
                    row[i] = row[i] + 0.1f * row[i] * row[i];
                  }
                },
                (row, offset, length, b, head, queryRow, firstKey) -> {
                  for (int i = offset; i < offset + length; i++) {
                    row[i] = 1 + 0.2f * row[i];
                  }
                }))
        .withDropout(new Dropout(0.25f, 3, 4));
  }

  private static void run(AttentionTasks tasks) {
    for (int task = 0; task < tasks.count(); task++) {
      tasks.run(task);
    }
  }

  private AttentionProblem forward(CallResults results) {
    return new AttentionProblem(CallShape.of(query, key, null), formula(), null, null, results);
  }

  private double loss(Heads output, float[] logSumExp) {
    boolean softmax = kind == Normaliser.Kind.SOFTMAX;
    run(Kernels.scalar().plan(forward(new CallResults(value, output, softmax ? logSumExp : null, null, List.of())), 1));
    double loss = 0;
    for (int i = 0; i < output.data().length; i++) {
      loss += (double) output.data()[i] * outputGradient.data()[i];
    }
    for (int i = 0; softmax && i < logSumExp.length; i++) {
      loss += (double) logSumExp[i] * logSumExpGradient[i];
    }
    return loss;
  }

  private double difference(float[] data, int i, float step) {
    float kept = data[i];
    Heads output = Heads.zeros(BATCH, HEADS, QUERIES, WIDTH);
    float[] logSumExp = new float[BATCH * HEADS * QUERIES];
    data[i] = kept + step;
    double up = loss(output, logSumExp);
    data[i] = kept - step;
    double difference = (up - loss(output, logSumExp)) / (2 * step);
    data[i] = kept;
    return difference;
  }

  private void verify(String what, float[] data, float[] gradient) {
    for (int i = 0; i < data.length; i++) {
      double near = difference(data, i, STEP / 2);
      double expected = near + (near - difference(data, i, STEP)) / 3;
      assertThat((double) gradient[i])
          .as("gradient of %s %d, %s, %s", what, i, kind, similarity)
          .isCloseTo(expected, within(3e-3 * Math.max(1, Math.abs(expected))));
    }
  }

  private void verifyAll() {
    Heads output = Heads.zeros(BATCH, HEADS, QUERIES, WIDTH);
    float[] logSumExp = new float[BATCH * HEADS * QUERIES];
    loss(output, logSumExp);
    boolean softmax = kind == Normaliser.Kind.SOFTMAX;
    boolean additive = similarity == Similarity.Kind.ADDITIVE;
    GradientResults gradients =
        new GradientResults(
            Heads.zeros(BATCH, HEADS, QUERIES, WIDTH),
            Heads.zeros(BATCH, 2, KEYS, WIDTH),
            Heads.zeros(BATCH, 2, KEYS, WIDTH),
            new float[KEYS],
            new float[HEADS * QUERIES * KEYS],
            new float[HEADS],
            softmax ? new float[HEADS] : null,
            new float[1],
            additive ? new float[WIDTH] : null);
    AttentionProblem forward = forward(new CallResults(value, null, null, null, List.of()));
    float[] ofLogSumExp = softmax ? logSumExpGradient : null;
    BackwardProblem problem = new BackwardProblem(forward, output, softmax ? logSumExp : null, outputGradient, ofLogSumExp, gradients);
    run(Kernels.scalar().planBackward(problem, 1));
    verify("query", query.data(), gradients.query().data());
    verify("key", key.data(), gradients.key().data());
    verify("value", value.data(), gradients.value().data());
    verify("bias", bias.data(), gradients.bias());
    verify("positionBias", positionBias.data(), gradients.positionBias());
    verify("slopes", slopes, gradients.slopes());
    verify("scale", scale, gradients.scale());
    if (softmax) {
      verify("sinks", sinks, gradients.sinks());
    }
    if (additive) {
      verify("vector", vector, gradients.additiveVector());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SOFTMAX", "SIGMOID", "LINEAR", "SQUARED_RELU"}) // the kink of relu is no place for differences
  void everyNormaliser(Normaliser.Kind each) {
    kind = each;
    verifyAll();
  }

  @ParameterizedTest
  @EnumSource
  void everySimilarity(Similarity.Kind each) {
    similarity = each;
    verifyAll();
  }
}
