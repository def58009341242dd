package dev.lanewise.core.pooling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Results;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Promises of the public Javadoc of pooling: values, limits and exceptions. */
@Tag("twice")
class PoolingPromisesTest {
  private static final float HUGE = 3e38f;
  private static final int WIDTH = 8;

  private static Linear linear(int inputs, int outputs) {
    return Linear.of(Views.randomArray(inputs * outputs, 0.5, Problem.SEED + inputs), null, inputs, outputs);
  }

  /** The mean of floats is a float, even if their sum overflows. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 63, 64, 65, 130})
  void meansOfHugeNumbers(int rows) {
    float[] x = new float[rows * 3];
    for (int row = 0; row < rows; row++) {
      x[row * 3] = HUGE;
      x[row * 3 + 1] = row % 2 == 0 ? -HUGE : -Float.MAX_VALUE;
      x[row * 3 + 2] = Float.MIN_VALUE;
    }
    SequenceBatch view = SequenceBatch.of(x, 1, rows, 3);
    SequenceBatch mean = SequenceBatch.zeros(1, 1, 3);
    Pooling.mean().forward(view, mean);
    assertThat(mean.get(0, 0, 0)).isEqualTo(HUGE);
    assertThat(mean.get(0, 0, 1)).isBetween(-Float.MAX_VALUE, -HUGE);
    assertThat(mean.get(0, 0, 2)).isEqualTo(Float.MIN_VALUE);
    SequenceBatch means = SequenceBatch.zeros(1, rows, 3);
    Neighbours.mean(Integer.MAX_VALUE, Integer.MAX_VALUE).forward(view, means);
    assertThat(means.get(0, rows - 1, 0)).isEqualTo(HUGE);
    assertThat(means.get(0, 0, 1)).isBetween(-Float.MAX_VALUE, -HUGE);
  }

  /** The mean with a NaN or an infinity is not finite. */
  @Test
  void meansOfInfinitiesAndNaN() {
    float infinity = Float.POSITIVE_INFINITY;
    SequenceBatch mean = SequenceBatch.zeros(1, 1, 3);
    Pooling.mean().forward(SequenceBatch.of(new float[] {infinity, infinity, 1, 1, -infinity, Float.NaN}, 1, 2, 3), mean);
    assertThat(mean.data()).containsExactly(infinity, Float.NaN, Float.NaN);
  }

  @ParameterizedTest
  @MethodSource("pooling")
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> pooling() {
    AttentionPooling pooling = AttentionPooling.of(new float[WIDTH], 2, 4);
    SequenceBatch x = SequenceBatch.zeros(2, 3, WIDTH);
    SequenceBatch value = SequenceBatch.zeros(2, 3, 6);
    PackedSequences two = PackedSequences.of(0, 1, 3);
    Linear window = linear(WIDTH * 3, 5);
    RecurrentAttention recurrent = RecurrentAttention.of(RecurrentAttention.Scores.dot(), x);
    SequenceBatch state = SequenceBatch.zeros(2, 1, WIDTH);
    return List.of(
        Wrong.isNull("x", out -> pooling.forward(Wrong.nothing(), one(out, WIDTH))),
        Wrong.argument("x", out -> pooling.forward(value, one(out, WIDTH)), "x.width", "6", "8"),
        Wrong.argument("batch", out -> pooling.forward(x, SequenceBatch.of(out, 3, 1, WIDTH)), "output.batch", "3", "sequences", "2"),
        Wrong.argument("rows", out -> pooling.forward(x, SequenceBatch.of(out, 2, 2, WIDTH)), "output.rows", "2", "1"),
        Wrong.argument("width", out -> pooling.forward(x, value, one(out, WIDTH)), "output.width", "8", "value.width", "6"),
        Wrong.argument("value", out -> pooling.forward(x, SequenceBatch.zeros(1, 3, 6), one(out, 6)), "value.batch", "1", "key.batch", "2"),
        Wrong.argument("lengths", out -> pooling.withLengths(3, 4).forward(x, one(out, WIDTH)), "lengths[1]", "4", "x.rows", "3"),
        Wrong.overlap("output", "x", 0, out -> pooling.forward(to(out), one(out, WIDTH))),
        Wrong.argument("packed", out -> pooling.withPackedSequences(two).forward(x, one(out, WIDTH)), "x.batch", "2", "1"),
        Wrong.isNull(
            "key",
            out ->
                pooling
                    .withLengths(new int[2])
                    .forward(Wrong.nothing(), Wrong.nothing(), Results.of().withWeights(Heads.of(out, 2, 2, 1, 3)))),
        Wrong.isNull(
            "key",
            out ->
                pooling
                    .withPackedSequences(two)
                    .forward(Wrong.nothing(), Wrong.nothing(), Results.of().withWeights(Heads.of(out, 1, 2, 2, 2)))),
        Wrong.argument(
            "weights", out -> pooling.forward(x, x, Results.of().withWeights(Heads.of(out, 1, 2, 1, 3))), "weights.batch", "1", "2"),
        Wrong.argument(
            "weights", out -> pooling.forward(x, x, Results.of().withWeights(Heads.of(out, 2, 2, 3, 3))), "weights.rows", "3", "1"),
        Wrong.argument(
            "packed weights",
            out -> pooling.withPackedSequences(two).forward(x, x, Results.of().withWeights(Heads.of(out, 1, 2, 2, 2))),
            "key.batch",
            "2",
            "1"),
        Wrong.argument(
            "packed weights",
            out ->
                pooling
                    .withPackedSequences(two)
                    .forward(x.batch(0, 1).rows(0, 3), x.batch(0, 1).rows(0, 3), Results.of().withWeights(Heads.of(out, 1, 2, 2, 1))),
            "weights.width",
            "1",
            "longest",
            "2"),
        Wrong.argument("dense", out -> Neighbours.dense(window, 1, 1).forward(x, to(out)), "output.width", "8", "linear.outputs", "5"),
        Wrong.argument("mean", out -> Neighbours.mean(1, 1).forward(value, to(out)), "output.width", "8", "x.width", "6"),
        Wrong.argument("window", out -> Neighbours.dense(window, Integer.MAX_VALUE, Integer.MAX_VALUE), "24", "4294967295"),
        Wrong.argument(
            "recurrent",
            out -> recurrent.forward(state, Results.of().withWeights(Heads.of(out, 1, 1, 1, 3))),
            "weights.batch",
            "1",
            "query.batch",
            "2"),
        Wrong.argument(
            "recurrent",
            out -> recurrent.forward(state, Results.of().withWeights(Heads.of(out, 2, 1, 2, 3))),
            "weights.rows",
            "2",
            "query.rows",
            "1"),
        Wrong.argument(
            "recurrent",
            out -> recurrent.forward(state, Results.of().withWeights(Heads.of(out, 2, 1, 1, 2))),
            "weights.width",
            "2",
            "key.rows",
            "3"),
        Wrong.overlap(
            "weights",
            "output",
            0,
            out -> recurrent.forward(state, Results.of().withOutput(one(out, WIDTH).split(1)).withWeights(Heads.of(out, 2, 1, 1, 3)))),
        Wrong.argument(
            "rows that meet",
            out -> recurrent.forward(state, new SequenceBatch(out, 0, 2, 1, WIDTH, 7, 8)),
            "context.batchStride",
            "7",
            "8"));
  }

  private static SequenceBatch to(float[] out) {
    return SequenceBatch.of(out, 2, 3, WIDTH);
  }

  private static SequenceBatch one(float[] out, int width) {
    return SequenceBatch.of(out, 2, 1, width);
  }

  /** A batch or sequence without rows is no error; the result of a sequence without rows is 0. */
  @Test
  void emptyIsNoError() {
    for (int[] shape : new int[][] {{0, 3}, {2, 0}, {0, 0}}) {
      SequenceBatch x = SequenceBatch.zeros(shape[0], shape[1], WIDTH);
      SequenceBatch out = SequenceBatch.zeros(shape[0], shape[1], WIDTH);
      Neighbours.mean(1, 1).forward(x, out);
      Neighbours.dense(linear(WIDTH, WIDTH), 0, 0).forward(x, out);
      SequenceBatch pooled = SequenceBatch.zeros(shape[0], 1, WIDTH);
      Arrays.fill(pooled.data(), Float.NaN);
      for (Pooling pooling : List.of(Pooling.mean(), Pooling.firstToken(), AttentionPooling.of(new float[WIDTH], 2, 4))) {
        pooling.forward(x, pooled);
        assertThat(pooled.data()).as("%s", pooling).isEqualTo(new float[shape[0] * WIDTH]);
      }
      RecurrentAttention.of(RecurrentAttention.Scores.dot(), x).forward(SequenceBatch.zeros(shape[0], 1, WIDTH), pooled);
    }
  }
}
