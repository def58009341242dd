package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.PlainOnnx;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Stage;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rows of the table "ONNX Attention" of README.md. */
class OnnxAttentionTest {
  private static final int BATCH = 2;
  private static final int HEADS = 4;
  private static final int KEY_HEADS = 2;
  private static final double CAP = 1.5;
  private static final float GONE = Float.NEGATIVE_INFINITY;

  private final Attention attention = Attention.standard();
  private final Random random = new Random(20261123);

  private Heads random(int heads, int rows, int width) {
    return Views.random(Views.Layout.DENSE, BATCH, heads, rows, width, random.nextLong());
  }

  private PlainOnnx problem(int queries, int keys, int... offsets) {
    return new PlainOnnx(random(HEADS, queries, 8), random(KEY_HEADS, keys, 8), random(KEY_HEADS, keys, 6), offsets);
  }

  private static void check(Attention attention, PlainOnnx expected) {
    Heads output = Heads.zeros(BATCH, HEADS, expected.query.rows(), expected.value.width());
    attention.compute(expected.query, expected.key, expected.value, output);
    check(output.data(), expected.compute().output);
  }

  private static void check(float[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int n = 0; n < actual.length; n++) {
      if (actual[n] != expected[n]) {
        assertThat((double) actual[n]).as("element %d", n).isCloseTo(expected[n], within(1e-5));
      }
    }
  }

  @Test
  void rankThreeIsSplit() {
    SequenceBatch rows = Views.randomSequences(Views.Layout.DENSE, BATCH, 7, HEADS * 8, 1);
    SequenceBatch keys = Views.randomSequences(Views.Layout.DENSE, BATCH, 9, KEY_HEADS * 8, 2);
    SequenceBatch values = Views.randomSequences(Views.Layout.DENSE, BATCH, 9, KEY_HEADS * 6, 3);
    SequenceBatch output = SequenceBatch.zeros(BATCH, 7, HEADS * 6);
    attention.compute(rows.split(HEADS), keys.split(KEY_HEADS), values.split(KEY_HEADS), output.split(HEADS));
    double[] expected = new PlainOnnx(rows.split(HEADS), keys.split(KEY_HEADS), values.split(KEY_HEADS), 0, 0).compute().output;
    for (int n = 0; n < expected.length; n++) {
      int row = n / 6 % 7;
      int head = n / 6 / 7 % HEADS;
      assertThat((double) output.get(n / 6 / 7 / HEADS, row, head * 6 + n % 6)).isCloseTo(expected[n], within(1e-5));
    }
  }

  @ParameterizedTest
  @CsvSource({"5, 9", "9, 5", "7, 7"})
  void causalWithoutPast(int queries, int keys) {
    PlainOnnx onnx = problem(queries, keys, 0, 0);
    onnx.causal = true;
    check(attention.withMask(Mask.causal(Mask.Alignment.topLeft())), onnx);
  }

  @Test
  void causalWithPast() {
    PlainOnnx onnx = problem(5, 6 + 5, 6, 6);
    onnx.causal = true;
    check(attention.withMask(Mask.causal()), onnx);
    onnx = problem(5, 6 + 8, 6, 6);
    onnx.causal = true;
    check(attention.withMask(Mask.causal(Mask.Alignment.offsets(6, 6))), onnx);
  }

  @ParameterizedTest
  @CsvSource({"false, 11, 4", "true, 11, 4", "true, 3, 5", "false, 0, 12"})
  void nonpadKvSeqlen(boolean causal, int first, int second) {
    PlainOnnx onnx = problem(5, 12, first - 5, second - 5);
    onnx.causal = causal;
    onnx.nonpad = new int[] {first, second};
    check(attention.withMask(causal ? Mask.causal(Mask.Alignment.offsets(first - 5, second - 5)) : Mask.keyLengths(first, second)), onnx);
  }

  @Test
  void booleanMaskOfRankThree() {
    PlainOnnx onnx = problem(5, 9, 0, 0);
    boolean[] data = new boolean[HEADS * 9];
    for (int n = 0; n < data.length; n++) {
      data[n] = random.nextInt(3) > 0;
    }
    onnx.mask = (b, head, i, j) -> data[head * 9 + j] ? 0 : GONE;
    check(attention.withMask(Mask.matrix(data, HEADS, 1, 9)), onnx);
  }

  @Test
  void floatMaskShorterThanTheKeysBesideCausalAndPast() {
    PlainOnnx onnx = problem(5, 6 + 5, 6, 6);
    float[] data = new float[BATCH * 5 * 8];
    for (int n = 0; n < data.length; n++) {
      data[n] = random.nextInt(5) == 0 ? GONE : (float) random.nextGaussian();
    }
    onnx.causal = true;
    onnx.mask = (b, head, i, j) -> j < 8 ? data[(b * 5 + i) * 8 + j] : GONE;
    Heads key = onnx.key.rows(0, 8);
    Heads value = onnx.value.rows(0, 8);
    Heads output = Heads.zeros(BATCH, HEADS, 5, 6);
    attention
        .withMask(Mask.causal(Mask.Alignment.offsets(6, 6)))
        .withBias(Bias.of(data, BATCH, 1, 5, 8))
        .compute(onnx.query, key, value, output);
    check(output.data(), onnx.compute().output);
  }

  /** The row of a window in the table of README.md; −1 is no limit in ONNX. */
  private static Mask window(int left, int right, Mask.Alignment alignment) {
    Mask.Window window = left < 0 ? Mask.windowUpTo(right) : right < 0 ? Mask.windowFrom(left) : Mask.window(left, right);
    return window.withAlignment(alignment);
  }

  @ParameterizedTest
  @CsvSource({"5, 9, 2, 1", "5, 7, 0, 3", "9, 5, 6, 1", "9, 5, 1, -1", "7, 7, -1, 1"})
  void windowWithoutPast(int queries, int keys, int left, int right) {
    PlainOnnx onnx = problem(queries, keys, 0, 0);
    onnx.left = left;
    onnx.right = right;
    check(attention.withMask(window(left, right, Mask.Alignment.topLeft())), onnx);
  }

  @ParameterizedTest
  @CsvSource({"11, 3, 0", "11, 0, -1", "13, 2, 1", "13, -1, 0"})
  void windowWithPast(int keys, int left, int right) {
    PlainOnnx onnx = problem(5, keys, 6, 6);
    onnx.left = left;
    onnx.right = right;
    check(attention.withMask(window(left, right, Mask.Alignment.offsets(6, 6))), onnx);
  }

  @ParameterizedTest
  @CsvSource({"11, 7, 2, 1", "3, 12, 2, -1", "0, 5, -1, 1"})
  void windowWithNonpadKvSeqlen(int first, int second, int left, int right) {
    PlainOnnx onnx = problem(5, 12, first - 5, second - 5);
    onnx.left = left;
    onnx.right = right;
    onnx.nonpad = new int[] {first, second};
    Mask window = window(left, right, Mask.Alignment.offsets(first - 5, second - 5));
    check(attention.withMask(window.and(Mask.keyLengths(first, second))), onnx);
  }

  @Test
  void outputModes() {
    PlainOnnx onnx = problem(7, 7, 0, 0);
    onnx.causal = true;
    onnx.softcap = CAP;
    float[] data = {0.5f, -1, 2, GONE, 0, 1, GONE};
    onnx.mask = (b, head, i, j) -> data[j];
    Heads[] modes = new Heads[4];
    for (int mode = 0; mode < 4; mode++) {
      modes[mode] = Heads.zeros(BATCH, HEADS, 7, 7);
    }
    attention
        .withMask(Mask.causal(Mask.Alignment.topLeft()))
        .withSoftcap((float) CAP)
        .withBias(Bias.of(data, data.length))
        .compute(
            onnx.query,
            onnx.key,
            Results.of()
                .withScores(Stage.RAW, modes[0])
                .withScores(Stage.CAPPED, modes[1])
                .withScores(Stage.MASKED, modes[2])
                .withWeights(modes[3]));
    onnx.compute();
    for (int mode = 0; mode < 4; mode++) {
      check(modes[mode].data(), onnx.modes[mode]);
    }
  }

  @Test
  void softcapAfterTheMask() {
    PlainOnnx onnx = problem(7, 7, 0, 0);
    onnx.softcap = CAP;
    onnx.softcapAfterMask = true;
    float[] data = {0.5f, -1, 2, GONE, 0, 1, GONE};
    onnx.mask = (b, head, i, j) -> data[j];
    check(
        attention
            .withBias(Bias.of(data, data.length))
            .withScoreFunction(
                (row, offset, length, b, head, i, firstKey) -> {
                  for (int j = offset; j < offset + length; j++) {
                    row[j] = (float) (CAP * Math.tanh(row[j] / CAP));
                  }
                }),
        onnx);
  }
}
