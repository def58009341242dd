package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.testing.PlainOnnx;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lines of the table of ONNX Attention in README.md, {@link OnnxExample}, against the operator in double. */
@Tag("twice")
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

  /** The same numbers in an array of rank 3. */
  private static Heads rankThree(Heads four) {
    float[] three = new float[four.data().length];
    for (int row = 0; row < four.rows(); row++) {
      for (int n = 0; n < BATCH * four.heads() * four.width(); n++) {
        int column = n % four.width();
        int head = n / four.width() % four.heads();
        int b = n / four.width() / four.heads();
        three[((b * four.rows() + row) * four.heads() + head) * four.width() + column] = four.get(b, head, row, column);
      }
    }
    return OnnxExample.rankThree(three, BATCH, four.heads(), four.rows(), four.width());
  }

  @Test
  void rankThreeIsSplit() {
    PlainOnnx onnx = problem(7, 9, 0, 0);
    float[] y = new float[BATCH * 7 * HEADS * 6];
    attention.compute(rankThree(onnx.query), rankThree(onnx.key), rankThree(onnx.value), OnnxExample.rankThree(y, BATCH, HEADS, 7, 6));
    double[] expected = onnx.compute().output;
    for (int n = 0; n < expected.length; n++) {
      int row = n / 6 % 7;
      int head = n / 6 / 7 % HEADS;
      assertThat((double) y[((n / 6 / 7 / HEADS * 7 + row) * HEADS + head) * 6 + n % 6]).isCloseTo(expected[n], within(1e-5));
    }
  }

  @ParameterizedTest
  @CsvSource({"5, 9", "9, 5", "7, 7"})
  void causalWithoutPast(int queries, int keys) {
    PlainOnnx onnx = problem(queries, keys, 0, 0);
    onnx.causal = true;
    check(OnnxExample.causal(attention), onnx);
  }

  @Test
  void causalWithPast() {
    PlainOnnx onnx = problem(5, 6 + 5, 6, 6);
    onnx.causal = true;
    check(OnnxExample.causalAfterPast(attention), onnx);
    onnx = problem(5, 6 + 8, 6, 6);
    onnx.causal = true;
    check(OnnxExample.causalWithPast(attention, 6), onnx);
  }

  @ParameterizedTest
  @CsvSource({"false, 11, 4", "true, 11, 4", "true, 3, 5", "false, 0, 12"})
  void nonpadKvSeqlen(boolean causal, int first, int second) {
    PlainOnnx onnx = problem(5, 12, first - 5, second - 5);
    onnx.causal = causal;
    onnx.nonpad = new int[] {first, second};
    check(causal ? OnnxExample.causalWithLengths(attention, first - 5, second - 5) : OnnxExample.lengths(attention, first, second), onnx);
  }

  @Test
  void booleanMaskOfRankThree() {
    PlainOnnx onnx = problem(5, 9, 0, 0);
    boolean[] data = new boolean[HEADS * 9];
    for (int n = 0; n < data.length; n++) {
      data[n] = random.nextInt(3) > 0;
    }
    onnx.mask = (b, head, i, j) -> data[head * 9 + j] ? 0 : GONE;
    check(OnnxExample.booleanMask(attention, data, HEADS, 1, 9), onnx);
    onnx.causal = true;
    check(OnnxExample.booleanMaskBesideCausal(attention, data, HEADS, 1, 9), onnx);
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
    Heads output = Heads.zeros(BATCH, HEADS, 5, 6);
    Attention causal = OnnxExample.floatMask(OnnxExample.causalWithPast(attention, 6), data, BATCH, 1, 5, 8);
    OnnxExample.shortMask(causal, onnx.query, onnx.key, onnx.value, 8, output);
    check(output.data(), onnx.compute().output);
  }

  @ParameterizedTest
  @CsvSource({"5, 9, 2, 1", "5, 7, 0, 3", "9, 5, 6, 1", "9, 5, 1, -1", "7, 7, -1, 1"})
  void windowWithoutPast(int queries, int keys, int left, int right) {
    PlainOnnx onnx = problem(queries, keys, 0, 0);
    onnx.left = left;
    onnx.right = right;
    check(
        left < 0
            ? OnnxExample.windowUpTo(attention, right)
            : right < 0 ? OnnxExample.windowFrom(attention, left) : OnnxExample.window(attention, left, right),
        onnx);
  }

  @ParameterizedTest
  @CsvSource({"11, 3, 0", "11, 0, 2", "13, 2, 1", "13, 0, 0"})
  void windowWithPast(int keys, int left, int right) {
    PlainOnnx onnx = problem(5, keys, 6, 6);
    onnx.left = left;
    onnx.right = right;
    check(OnnxExample.windowWithPast(attention, left, right, 6), onnx);
  }

  @ParameterizedTest
  @CsvSource({"11, 7, 2, 1", "3, 12, 2, 0", "0, 5, 1, 1"})
  void windowWithNonpadKvSeqlen(int first, int second, int left, int right) {
    PlainOnnx onnx = problem(5, 12, first - 5, second - 5);
    onnx.left = left;
    onnx.right = right;
    onnx.nonpad = new int[] {first, second};
    check(OnnxExample.windowWithLengths(attention, left, right, new int[] {first - 5, second - 5}, first, second), onnx);
  }

  /** 350 keys are more than a tile, so that whole tiles are masked. */
  @ParameterizedTest
  @CsvSource({"7, 7", "20, 350"})
  void outputModes(int queries, int keys) {
    PlainOnnx onnx = problem(queries, keys, 0, 0);
    onnx.causal = true;
    onnx.softcap = CAP;
    float[] data = new float[keys];
    for (int j = 0; j < keys; j++) {
      data[j] = j % 3 == 2 ? GONE : (float) random.nextGaussian();
    }
    onnx.mask = (b, head, i, j) -> data[j];
    onnx.compute();
    Attention capped = OnnxExample.softcap(OnnxExample.floatMask(OnnxExample.causal(attention), data, keys), (float) CAP);
    List<BiFunction<Heads, Heads, Results>> modes =
        List.of(OnnxExample::modeZero, OnnxExample::modeOne, OnnxExample::modeTwo, OnnxExample::modeThree);
    for (int mode = 0; mode < 4; mode++) {
      Heads y = Heads.zeros(BATCH, HEADS, queries, 6);
      Heads qk = Heads.zeros(BATCH, HEADS, queries, keys);
      capped.compute(onnx.query, onnx.key, onnx.value, modes.get(mode).apply(y, qk));
      check(qk.data(), onnx.modes[mode]);
      check(y.data(), onnx.output);
    }
  }

  @Test
  void softcapAfterTheMask() {
    PlainOnnx onnx = problem(7, 7, 0, 0);
    onnx.softcap = CAP;
    onnx.softcapAfterMask = true;
    float[] data = {0.5f, -1, 2, GONE, 0, 1, GONE};
    onnx.mask = (b, head, i, j) -> data[j];
    check(OnnxExample.softcapAfterMask(attention, Bias.of(data, data.length), CAP), onnx);
  }

  @Test
  void scaleAndDoublePrecision() {
    PlainOnnx onnx = problem(5, 9, 0, 0);
    Attention scaled = OnnxExample.scale(attention, 0.5f);
    double[] expected = OnnxExample.doublePrecision(scaled, onnx.query, onnx.key, onnx.value);
    Heads output = Heads.zeros(BATCH, HEADS, 5, 6);
    scaled.compute(onnx.query, onnx.key, onnx.value, output);
    check(output.data(), expected);
    for (int i = 0; i < onnx.query.data().length; i++) {
      onnx.query.data()[i] *= (float) (0.5 * Math.sqrt(8)); // 1/√headSize is in the operator
    }
    check(output.data(), onnx.compute().output);
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 8})
  void presentIsThePastAndTheNewRows(int newRows) {
    PlainOnnx onnx = problem(5, 6 + newRows, 6, 6);
    onnx.causal = true;
    Heads keys = Heads.zeros(BATCH, KEY_HEADS, 16, 8); // capacity 16
    Heads values = Heads.zeros(BATCH, KEY_HEADS, 16, 6);
    List<KeyValueCache> caches =
        Stream.generate(() -> KeyValueCache.builder(KEY_HEADS, 8).valueDim(6).capacity(16).build()).limit(2).toList();
    OnnxExample.past(onnx.key.rows(0, 6), keys, 0);
    OnnxExample.past(onnx.value.rows(0, 6), values, 0);
    KeyValueCache.appendAll(caches, onnx.key.rows(0, 6), onnx.value.rows(0, 6));
    Heads newKeys = onnx.key.rows(6, 6 + newRows);
    Heads newValues = onnx.value.rows(6, 6 + newRows);
    OnnxExample.past(newKeys, keys, 6);
    OnnxExample.past(newValues, values, 6);
    Heads output = Heads.zeros(BATCH, HEADS, 5, 6);
    Attention causal = newRows == 5 ? OnnxExample.causalAfterPast(attention) : OnnxExample.causalWithPast(attention, 6);
    causal.compute(onnx.query, OnnxExample.present(newKeys, keys, 6), OnnxExample.present(newValues, values, 6), output);
    check(output.data(), onnx.compute().output);
    Heads cached = Heads.zeros(BATCH, HEADS, 5, 6);
    OnnxExample.caches(causal, onnx.query, newKeys, newValues, caches, cached);
    check(cached.data(), onnx.output);
    caches.forEach(KeyValueCache::close);
  }
}
