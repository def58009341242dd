package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.position.Rotary;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.testing.ReadmeBlocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The ONNX tables of README.md are those that compile. The operators beside Attention are compared with their recurrences in double. */
@Tag("twice")
class OnnxOperatorsTest {
  private static final int BATCH = 2;
  private static final int HEADS = 4;
  private static final int KEY_HEADS = 2;
  private static final int ROWS = 21;
  private static final int SIZE = 8;
  private static final int VALUE = 5;

  private final Attention attention = Attention.standard();
  private final Random random = new Random(20261129);

  private Heads random(int heads, int rows, int width) {
    return Views.random(Views.Layout.DENSE, BATCH, heads, rows, width, random.nextLong());
  }

  private float[] numbers(int count, long seed) {
    return Views.randomArray(count, 1, seed);
  }

  @Test
  void linesCompile() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String section = readme.substring(readme.indexOf("\n## ONNX\n"));
    List<String> shown =
        section
            .lines()
            .filter(line -> line.startsWith("| "))
            .map(line -> line.split(" \\| ", 3)[1])
            .filter(cell -> cell.startsWith("`"))
            .map(cell -> cell.substring(1, cell.length() - 1))
            .toList();
    List<String> compiled =
        ReadmeBlocks.compiled("OnnxExample.java").stream()
            .map(block -> block.replaceFirst("^return ", "").replaceFirst(";$", "").replaceAll("\\s+", " "))
            .toList();
    assertThat(shown).isEqualTo(compiled).hasSizeGreaterThan(40);
  }

  @ParameterizedTest
  @CsvSource({"false, false, 8", "false, true, 6", "true, false, 6", "true, true, 8"})
  void rotaryEmbedding(boolean interleaved, boolean positionIds, int rotaryDim) {
    Heads x = random(HEADS, ROWS, SIZE);
    Heads y = Heads.zeros(BATCH, HEADS, ROWS, SIZE);
    int pairs = rotaryDim / 2;
    int positions = positionIds ? 64 : BATCH * ROWS;
    float[] cos = numbers(positions * pairs, 1);
    float[] sin = numbers(positions * pairs, 2);
    int[] ids = positionIds ? random.ints(BATCH * ROWS, 0, positions).toArray() : IntStream.range(0, positions).toArray();
    Rotary rotary = OnnxExample.rotary(SIZE, cos, sin, positions, pairs);
    rotary = interleaved ? OnnxExample.interleaved(rotary) : rotary;
    if (positionIds) {
      OnnxExample.positionIds(rotary, x, y, ids);
    } else {
      OnnxExample.noPositionIds(rotary, x, y, BATCH, ROWS);
    }
    for (int n = 0; n < BATCH * HEADS * ROWS; n++) {
      int b = n / ROWS / HEADS;
      int head = n / ROWS % HEADS;
      int row = n % ROWS;
      for (int pair = 0; pair < pairs; pair++) {
        int left = interleaved ? 2 * pair : pair;
        int right = interleaved ? 2 * pair + 1 : pair + pairs;
        int at = ids[b * ROWS + row] * pairs + pair;
        double real = (double) cos[at] * x.get(b, head, row, left) - (double) sin[at] * x.get(b, head, row, right);
        double imaginary = (double) sin[at] * x.get(b, head, row, left) + (double) cos[at] * x.get(b, head, row, right);
        assertThat((double) y.get(b, head, row, left)).isCloseTo(real, within(1e-6));
        assertThat((double) y.get(b, head, row, right)).isCloseTo(imaginary, within(1e-6));
      }
      for (int column = rotaryDim; column < SIZE; column++) {
        assertThat(y.get(b, head, row, column)).isEqualTo(x.get(b, head, row, column));
      }
    }
  }

  @Test
  void rotaryEmbeddingInALayer() {
    MultiHeadAttention layer = LayerShape.of(32, HEADS).layer();
    Rotary rotary = OnnxExample.rotary(SIZE, numbers(64 * 4, 1), numbers(64 * 4, 2), 64, 4);
    SequenceBatch x = Views.randomSequences(Views.Layout.DENSE, BATCH, ROWS, 32, 3);
    SequenceBatch counted = SequenceBatch.zeros(BATCH, ROWS, 32);
    SequenceBatch given = SequenceBatch.zeros(BATCH, ROWS, 32);
    layer.withPositions(rotary).forward(x, counted);
    int[] ids = IntStream.range(0, BATCH * ROWS).map(n -> n % ROWS).toArray();
    OnnxExample.rotaryInLayer(layer, rotary, ids).forward(x, given);
    assertThat(given.data()).isEqualTo(counted.data());
    Arrays.fill(ids, 0);
    OnnxExample.rotaryInLayer(layer, rotary, ids).forward(x, given);
    assertThat(given.data()).isNotEqualTo(counted.data());
  }

  @Test
  void tensorScatter() {
    Heads cache = random(KEY_HEADS, 16, SIZE);
    float[] expected = cache.data().clone();
    Heads update = random(KEY_HEADS, 5, SIZE);
    int[] writeIndices = {11, 3};
    for (int b = 0; b < BATCH; b++) {
      OnnxExample.scatter(update, cache, b, writeIndices[b]);
      scatter(expected, update, b, writeIndices[b]);
    }
    assertThat(cache.data()).isEqualTo(expected);
    for (int b = 0; b < BATCH; b++) {
      int at = 14 - b;
      for (int i = 0; i < 5; i++) {
        OnnxExample.scatterCircular(update.batch(b, b + 1), cache.batch(b, b + 1), i, (at + i) % cache.rows());
      }
      scatter(expected, update, b, at);
    }
    assertThat(cache.data()).isEqualTo(expected);
  }

  private static void scatter(float[] cache, Heads update, int b, int at) {
    for (int n = 0; n < KEY_HEADS * 5 * SIZE; n++) {
      int head = n / SIZE / 5;
      int row = n / SIZE % 5;
      cache[((b * KEY_HEADS + head) * 16 + (at + row) % 16) * SIZE + n % SIZE] = update.get(b, head, row, n % SIZE);
    }
  }

  /** Both update rules without a correction, from a past state, whose rows stand before the keys as values of unit keys. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void linearAttention(boolean gated) {
    Heads query = random(HEADS, ROWS, SIZE);
    Heads keys = random(KEY_HEADS, SIZE + ROWS, SIZE);
    Heads values = random(KEY_HEADS, SIZE + ROWS, VALUE);
    Heads past = random(KEY_HEADS, SIZE, VALUE);
    Heads identity = Heads.zeros(BATCH, KEY_HEADS, SIZE, SIZE);
    for (int n = 0; n < BATCH * KEY_HEADS * SIZE; n++) {
      identity.data()[n * SIZE + n % SIZE] = 1;
    }
    identity.copyTo(keys.rows(0, SIZE));
    OnnxExample.pastState(past, values);
    double[] decay = random.doubles(BATCH * KEY_HEADS * ROWS, -0.5, 0).toArray();
    Heads output = Heads.zeros(BATCH, HEADS, ROWS, VALUE);
    if (gated) {
      double[] sums = new double[BATCH * KEY_HEADS * (ROWS + 1)]; // of the decays before each step
      for (int n = 0; n < decay.length; n++) {
        int at = n / ROWS * (ROWS + 1) + n % ROWS;
        sums[at + 1] = sums[at] + decay[n];
      }
      OnnxExample.gated(
              attention,
              (row, offset, length, b, head, i, firstKey) -> {
                int from = (b * KEY_HEADS + head / (HEADS / KEY_HEADS)) * (ROWS + 1);
                for (int j = 0; j < length; j++) {
                  int step = Math.max(0, firstKey + j - SIZE + 1);
                  row[offset + j] *= (float) Math.exp(sums[from + i + 1] - sums[from + step]);
                }
              })
          .compute(query, keys, values, output);
    } else {
      OnnxExample.linear(attention).compute(query, keys, values, output);
    }
    double[] state = recurrence(query, keys.rows(SIZE, SIZE + ROWS), values.rows(SIZE, SIZE + ROWS), past, gated ? decay : null, output);
    if (!gated) {
      Heads present = Heads.zeros(BATCH, KEY_HEADS, SIZE, VALUE);
      OnnxExample.presentState(attention, identity, keys, values, present);
      for (int n = 0; n < state.length; n++) {
        assertThat((double) present.data()[n]).isCloseTo(state[n], within(1e-5));
      }
    }
  }

  /** Runs the operator step by step, compares the output and returns the last state. */
  private static double[] recurrence(Heads query, Heads key, Heads value, Heads past, double @Nullable [] decay, Heads output) {
    double[] states = new double[BATCH * KEY_HEADS * SIZE * VALUE];
    for (int n = 0; n < BATCH * KEY_HEADS; n++) {
      double[] state = new double[SIZE * VALUE];
      for (int e = 0; e < state.length; e++) {
        state[e] = past.get(n / KEY_HEADS, n % KEY_HEADS, e / VALUE, e % VALUE);
      }
      for (int t = 0; t < ROWS; t++) {
        for (int e = 0; e < state.length; e++) {
          state[e] *= decay == null ? 1 : Math.exp(decay[n * ROWS + t]);
          state[e] += (double) key.get(n / KEY_HEADS, n % KEY_HEADS, t, e / VALUE) * value.get(n / KEY_HEADS, n % KEY_HEADS, t, e % VALUE);
        }
        for (int head = n % KEY_HEADS * 2; head < n % KEY_HEADS * 2 + 2; head++) {
          for (int column = 0; column < VALUE; column++) {
            double sum = 0;
            for (int c = 0; c < SIZE; c++) {
              sum += query.get(n / KEY_HEADS, head, t, c) * state[c * VALUE + column];
            }
            assertThat((double) output.get(n / KEY_HEADS, head, t, column)).isCloseTo(sum / Math.sqrt(SIZE), within(1e-5));
          }
        }
      }
      System.arraycopy(state, 0, states, n * state.length, state.length);
    }
    return states;
  }

  @Test
  void flexAttention() {
    Heads query = random(HEADS, ROWS, SIZE);
    Heads key = random(KEY_HEADS, ROWS, SIZE);
    Heads value = random(KEY_HEADS, ROWS, VALUE);
    Heads output = Heads.zeros(BATCH, HEADS, ROWS, VALUE);
    Attention changed = OnnxExample.scoreMod(attention, (row, offset, length, b, head, i, firstKey) -> each(row, offset, length, 2, 0.5f));
    changed = OnnxExample.probMod(changed, (row, offset, length, b, head, i, firstKey) -> each(row, offset, length, 3, 0.25f));
    changed.compute(query, key, value, output);
    for (int n = 0; n < BATCH * HEADS * ROWS; n++) {
      int b = n / ROWS / HEADS;
      int head = n / ROWS % HEADS;
      double[] weights = new double[ROWS];
      for (int j = 0; j < ROWS; j++) {
        for (int c = 0; c < SIZE; c++) {
          weights[j] += (double) query.get(b, head, n % ROWS, c) * key.get(b, head / 2, j, c);
        }
        weights[j] = Math.exp(2 * weights[j] / Math.sqrt(SIZE) + 0.5);
      }
      double sum = Arrays.stream(weights).sum();
      for (int column = 0; column < VALUE; column++) {
        double expected = 0;
        for (int j = 0; j < ROWS; j++) {
          expected += (3 * weights[j] / sum + 0.25) * value.get(b, head / 2, j, column);
        }
        assertThat((double) output.get(b, head, n % ROWS, column)).isCloseTo(expected, within(1e-5));
      }
    }
  }

  private static void each(float[] row, int offset, int length, float factor, float addend) {
    for (int j = offset; j < offset + length; j++) {
      row[j] = row[j] * factor + addend;
    }
  }

  @Test
  void softmaxAlongAnAxis() {
    Heads x = random(HEADS, 3, 5);
    Heads byHead = Heads.zeros(BATCH, HEADS, 3, 5);
    Heads byColumn = Heads.zeros(BATCH, HEADS, 3, 5);
    OnnxExample.softmax(Kernels.selected(), x, byHead);
    OnnxExample.logSoftmax(Kernels.selected(), x, byColumn);
    for (int n = 0; n < x.data().length; n++) {
      int b = n / 15 / HEADS;
      int head = n / 15 % HEADS;
      int row = n / 5 % 3;
      int column = n % 5;
      double e = Math.exp(x.data()[n]);
      double heads = IntStream.range(0, HEADS).mapToDouble(h -> Math.exp(x.get(b, h, row, column))).sum();
      double columns = IntStream.range(0, 5).mapToDouble(c -> Math.exp(x.get(b, head, row, c))).sum();
      assertThat((double) byHead.data()[n]).isCloseTo(e / heads, within(1e-6));
      assertThat((double) byColumn.data()[n]).isCloseTo(Math.log(e / columns), within(1e-6));
    }
  }

  @Test
  void normalizationAndActivations() {
    SequenceBatch x = Views.randomSequences(Views.Layout.DENSE, 1, 3, 9, 1);
    SequenceBatch y = SequenceBatch.zeros(1, 3, 9);
    float[] scale = numbers(9, 2);
    OnnxExample.rmsNormalization(x, y, scale, 1e-5f);
    Matrix a = Matrix.of(x.data(), 3, 9);
    Matrix b = Matrix.of(numbers(27, 3), 3, 9);
    Matrix swish = Matrix.zeros(3, 9);
    OnnxExample.swish(Kernels.selected(), a, swish);
    Matrix swiglu = Matrix.zeros(3, 9);
    OnnxExample.swiglu(Kernels.selected(), a, b, swiglu);
    for (int n = 0; n < 27; n++) {
      double squares = 0;
      for (int c = 0; c < 9; c++) {
        squares += (double) x.get(0, n / 9, c) * x.get(0, n / 9, c);
      }
      double element = x.data()[n];
      assertThat((double) y.data()[n]).isCloseTo(element / Math.sqrt(squares / 9 + 1e-5) * scale[n % 9], within(1e-6));
      double expected = element / (1 + Math.exp(-element));
      assertThat((double) swish.data()[n]).isCloseTo(expected, within(1e-6));
      assertThat((double) swiglu.data()[n]).isCloseTo(expected * b.data()[n], within(1e-6));
    }
  }

  @Test
  void operandsOfHalves() {
    Heads view = Heads.zeros(1, 1, 1, 3);
    OnnxExample.halves(view, Float.floatToFloat16(0.1f), Float.floatToFloat16(-7), Float.floatToFloat16(65504));
    assertThat(view.data()).containsExactly(Float.float16ToFloat(Float.floatToFloat16(0.1f)), -7, 65504);
    assertThat(OnnxExample.rankFour(view.data(), 1, 3, 1, 1).get(0, 2, 0, 0)).isEqualTo(65504);
  }
}
