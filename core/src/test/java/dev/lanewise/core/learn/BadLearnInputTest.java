package dev.lanewise.core.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.position.Positions;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Wrong arguments of embeddings, norms and pooling that learn, and the values that they start with. */
@Tag("once")
class BadLearnInputTest {
  private static final int WIDTH = 4;

  private static SequenceBatch view(float[] data, int batch, int rows, int width) {
    return new SequenceBatch(data, 0, batch, rows, width, rows * width, width);
  }

  private static SequenceBatch zeros(int batch, int rows, int width) {
    return SequenceBatch.zeros(batch, rows, width);
  }

  @Test
  void embeddings() {
    TrainableEmbedding embedding = TrainableEmbedding.normal(1, 5, WIDTH, 1);
    int[] ids = {0, 4, 1};
    List.of(
            Wrong.argument("vocabulary", t -> TrainableEmbedding.of(t, 0, WIDTH), "vocabulary", "0", "1"),
            Wrong.argument("embedDim", t -> TrainableEmbedding.of(t, 5, 0), "embedDim", "0", "1"),
            Wrong.argument("table", t -> TrainableEmbedding.of(t, 5, WIDTH), "table.length", "4096", "20"),
            Wrong.argument("vocabulary", t -> TrainableEmbedding.normal(1, 0, WIDTH, 1), "vocabulary", "0", "1"),
            Wrong.argument("embedDim", t -> TrainableEmbedding.normal(1, 5, 0, 1), "embedDim", "0", "1"),
            Wrong.argument("deviation", t -> TrainableEmbedding.normal(1, 5, WIDTH, -1), "deviation", "-1.0", "0"),
            Wrong.argument("deviation", t -> TrainableEmbedding.normal(1, 5, WIDTH, Float.POSITIVE_INFINITY), "deviation", "Infinity"),
            Wrong.argument("ids", t -> embedding.forward(ids, view(t, 1, 2, WIDTH), Trace.create()), "ids.length", "3", "2"),
            Wrong.argument("width", t -> embedding.forward(ids, view(t, 1, 3, 5), Trace.create()), "y.width", "5", "4"),
            Wrong.argument("an id", t -> embedding.forward(new int[] {0, 5}, view(t, 1, 2, WIDTH), Trace.create()), "ids[1]", "5"),
            Wrong.argument(
                "rows of y",
                t -> embedding.forward(ids, new SequenceBatch(t, 0, 1, 3, WIDTH, 12, 0), Trace.create()),
                "y.rowStride",
                "0",
                "4"),
            Wrong.argument("width", t -> backward(embedding, zeros(1, 3, 5)), "outputGradient.width", "5", "4"),
            Wrong.argument("rows", t -> backward(embedding, zeros(1, 2, WIDTH)), "outputGradient.rows", "2", "3"))
        .forEach(Wrong::verify);
    assertThat(embedding.weight().gradient()).containsOnly(0);
  }

  private static void backward(TrainableEmbedding embedding, SequenceBatch outputGradient) {
    Trace trace = Trace.create();
    embedding.forward(new int[] {0, 4, 1}, zeros(1, 3, WIDTH), trace);
    embedding.backward(trace, outputGradient);
  }

  @Test
  void projections() {
    float[] weight = new float[6];
    List.of(
            Wrong.argument("inputs", t -> TrainableLinear.of(weight, null, 0, 3), "inputs", "0", "1"),
            Wrong.argument("outputs", t -> TrainableLinear.of(weight, null, 2, 0), "outputs", "0", "1"),
            Wrong.argument("weight", t -> TrainableLinear.of(weight, null, 2, 2), "weight.length", "6", "4"),
            Wrong.argument("bias", t -> TrainableLinear.of(weight, new float[2], 2, 3), "bias.length", "2", "3"))
        .forEach(Wrong::verify);
  }

  @Test
  void norms() {
    List.of(
            Wrong.argument("width", t -> TrainableNorm.rms(0, 1e-5f), "width", "0", "1"),
            Wrong.argument("weight", t -> TrainableNorm.rms(new float[0], 1e-5f), "weight.length", "0", "1"),
            Wrong.argument("epsilon", t -> TrainableNorm.layer(WIDTH, -1), "epsilon", "-1.0"),
            Wrong.argument("x", t -> norm(zeros(1, 3, 5), view(t, 1, 3, WIDTH)), "x.width", "5", "4"),
            Wrong.argument("y", t -> norm(zeros(1, 3, WIDTH), view(t, 1, 2, WIDTH)), "y.rows", "2", "3"),
            Wrong.argument("gradient", t -> normBackward(zeros(1, 3, 5), view(t, 1, 3, WIDTH)), "outputGradient.width", "5", "4"),
            Wrong.argument("gradient", t -> normBackward(zeros(1, 2, WIDTH), view(t, 1, 2, WIDTH)), "outputGradient.rows", "2", "3"),
            Wrong.argument("written", t -> normBackward(zeros(1, 3, WIDTH), view(t, 1, 3, 5)), "inputGradient.width", "5", "4"))
        .forEach(Wrong::verify);
  }

  private static void norm(SequenceBatch x, SequenceBatch y) {
    TrainableNorm.layer(WIDTH, 1e-5f).forward(x, y, Trace.create());
  }

  private static void normBackward(SequenceBatch outputGradient, SequenceBatch inputGradient) {
    TrainableNorm norm = TrainableNorm.layer(WIDTH, 1e-5f);
    Trace trace = Trace.create();
    norm.forward(zeros(1, 3, WIDTH), zeros(1, 3, WIDTH), trace);
    norm.backward(trace, outputGradient, inputGradient);
  }

  @Test
  void poolings() {
    SequenceBatch gradient = zeros(2, 1, WIDTH);
    List.of(
            Wrong.argument("headDim", t -> TrainablePooling.attention(1, 2, 0), "headDim", "0", "1"),
            Wrong.argument("gradient", t -> pool(zeros(2, 1, 5), view(t, 2, 3, WIDTH)), "outputGradient.width", "5", "4"),
            Wrong.argument("gradient", t -> pool(zeros(3, 1, WIDTH), view(t, 2, 3, WIDTH)), "outputGradient.batch", "3", "2"),
            Wrong.argument("gradient", t -> pool(zeros(2, 2, WIDTH), view(t, 2, 3, WIDTH)), "outputGradient.rows", "2", "1"),
            Wrong.argument("written", t -> pool(gradient, view(t, 2, 3, 5)), "inputGradient.width", "5", "4"),
            Wrong.argument("written", t -> pool(gradient, view(t, 2, 2, WIDTH)), "inputGradient.rows", "2", "3"),
            Wrong.argument("rows", t -> pool(gradient, new SequenceBatch(t, 0, 2, 3, WIDTH, 12, 0)), "inputGradient.rowStride", "0", "4"),
            Wrong.overlap("inputGradient", "outputGradient", 0, t -> pool(view(t, 2, 1, WIDTH), view(t, 2, 3, WIDTH))))
        .forEach(Wrong::verify);
  }

  private static void pool(SequenceBatch outputGradient, SequenceBatch inputGradient) {
    TrainablePooling pooling = TrainablePooling.mean();
    Trace trace = Trace.create();
    pooling.forward(zeros(2, 3, WIDTH), zeros(2, 1, WIDTH), trace);
    pooling.backward(trace, outputGradient, inputGradient);
  }

  @Test
  void positions() {
    TrainablePositions positions = TrainablePositions.learned(TrainableEmbedding.normal(1, 3, WIDTH, 1));
    Trace packed = Trace.create().setPackedSequences(PackedSequences.of(0, 2, 3));
    assertThat(positions.count()).isEqualTo(3);
    assertThat(positions.embedDim()).isEqualTo(WIDTH);
    List.of(
            Wrong.argument("width", t -> positions.forward(view(t, 1, 3, 5), Trace.create()), "x.width", "5", "4"),
            Wrong.argument("too few", t -> positions.forward(view(t, 1, 4, WIDTH), Trace.create()), "3", "2"),
            Wrong.argument("rows", t -> positions.forward(view(t, 1, 2, WIDTH), packed), "x.rows", "2", "3"),
            Wrong.argument("batch", t -> positions.forward(view(t, 2, 3, WIDTH), packed), "x.batch", "2", "1"),
            Wrong.argument(
                "rows of x", t -> positions.forward(new SequenceBatch(t, 0, 1, 3, WIDTH, 12, 0), Trace.create()), "x.rowStride", "0", "4"))
        .forEach(Wrong::verify);
  }

  @Test
  void positionsThatDoNotLearn() {
    TrainablePositions fixed = TrainablePositions.fixed(Positions.learned(new float[] {1, 2, 3, 4, 5, 6}, 3, 2));
    assertThat(fixed.count()).isEqualTo(3);
    assertThat(fixed.embedDim()).isEqualTo(2);
    assertThat(fixed.parameters()).isEmpty();
    SequenceBatch x = zeros(1, 2, 2);
    fixed.forward(x, Trace.create());
    assertThat(x.data()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void shapesOfParameters() {
    Wrong.argument("a dimension", t -> Parameter.of("w", t, -2, -2048), "shape[0]", "w", "-2", "0").verify();
  }

  /** Normally distributed numbers have the asked deviation; weights of a norm are 1 and biases are 0. */
  @Test
  void firstValues() {
    float[] table = TrainableEmbedding.normal(1, 100, 100, 0.02f).weight().values();
    assertThat(deviation(table)).isCloseTo(0.02, within(0.001));
    assertThat(TrainableEmbedding.normal(2, 100, 100, 0.02f).weight().values()).isNotEqualTo(table);
    assertThat(TrainableEmbedding.normal(1, 2, 2, 0).toLayer().vocabulary()).isEqualTo(2);
    assertThat(deviation(TrainablePooling.attention(1, 40, 25).parameters().getFirst().values())).isCloseTo(0.2, within(0.02));
    List<Parameter> norm = TrainableNorm.layer(3, 1e-5f).parameters();
    assertThat(norm.getFirst().values()).containsExactly(1, 1, 1);
    assertThat(norm.getLast().values()).containsExactly(0, 0, 0);
    assertThat(TrainableNorm.rms(2, 1e-5f).parameters()).singleElement().returns(new float[] {1, 1}, Parameter::values);
  }

  private static double deviation(float[] values) {
    double[] all = new double[values.length];
    Arrays.setAll(all, i -> values[i]);
    return Math.sqrt(Arrays.stream(all).map(value -> value * value).average().orElseThrow());
  }

  /** The gradient of a table is a sum over rows in their order, wherever the rows lie. */
  @Test
  void gradientsOfATableFromViewsWithGaps() {
    int[] ids = {3, 0, 3, 1, 1, 3};
    SequenceBatch apart = Views.randomSequences(Views.Layout.GAPS, 2, 3, 70, 5);
    SequenceBatch dense = view(Views.dense(apart), 2, 3, 70);
    float[] expected = new float[5 * 70];
    for (int i = 0; i < ids.length; i++) {
      for (int c = 0; c < 70; c++) {
        expected[ids[i] * 70 + c] += dense.get(i / 3, i % 3, c);
      }
    }
    assertThat(gradient(ids, dense)).isEqualTo(expected);
    assertThat(gradient(ids, apart)).isEqualTo(expected);
  }

  private static float[] gradient(int[] ids, SequenceBatch outputGradient) {
    TrainableEmbedding embedding = TrainableEmbedding.normal(1, 5, 70, 1);
    Trace trace = Trace.create();
    embedding.forward(ids, zeros(2, 3, 70), trace);
    embedding.backward(trace, outputGradient);
    return embedding.weight().gradient();
  }
}
