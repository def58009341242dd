package dev.lanewise.core.position;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rows of the table "ONNX RotaryEmbedding" of README.md, against the operator's text in double. */
class OnnxRotaryTest {
  private static final int BATCH = 2;
  private static final int HEADS = 3;
  private static final int ROWS = 5;
  private static final int MOST = 50;
  private static final long SEED = 20261130;

  /** The operator. The caches are maxPositions × pairs with position ids, and batch × rows × pairs without them. */
  private static double[] operator(Heads x, float[] cosines, float[] sines, int[] ids, boolean interleaved, int rotaryDim) {
    double[] output = new double[BATCH * HEADS * ROWS * x.width()];
    int pairs = (rotaryDim == 0 ? x.width() : rotaryDim) / 2;
    for (int n = 0; n < output.length; n++) {
      int column = n % x.width();
      int row = n / x.width() % ROWS;
      int head = n / x.width() / ROWS % HEADS;
      int b = n / x.width() / ROWS / HEADS;
      output[n] = x.get(b, head, row, column);
      if (column < 2 * pairs) {
        int pair = interleaved ? column / 2 : column % pairs;
        boolean real = interleaved ? column % 2 == 0 : column < pairs;
        double x1 = x.get(b, head, row, interleaved ? 2 * pair : pair);
        double x2 = x.get(b, head, row, interleaved ? 2 * pair + 1 : pair + pairs);
        int at = (ids.length == 0 ? b * ROWS + row : ids[b * ROWS + row]) * pairs + pair;
        output[n] = real ? cosines[at] * x1 - sines[at] * x2 : sines[at] * x1 + cosines[at] * x2;
      }
    }
    return output;
  }

  private static void assertClose(Heads actual, double[] expected) {
    for (int n = 0; n < expected.length; n++) {
      int row = n / actual.width() % ROWS;
      int head = n / actual.width() / ROWS % HEADS;
      float element = actual.get(n / actual.width() / ROWS / HEADS, head, row, n % actual.width());
      assertThat((double) element).as("element %d", n).isCloseTo(expected[n], within(1e-6));
    }
  }

  @ParameterizedTest
  @CsvSource({"false, 0", "true, 0", "false, 12", "true, 12"})
  void withPositionIds(boolean interleaved, int rotaryDim) {
    int pairs = (rotaryDim == 0 ? 20 : rotaryDim) / 2;
    float[] cosines = Views.randomArray(MOST * pairs, 1, SEED);
    float[] sines = Views.randomArray(MOST * pairs, 1, SEED + 1);
    int[] ids = new SplittableRandom(SEED).ints(BATCH * ROWS, 0, MOST).toArray();
    RotaryTable.Form form = interleaved ? RotaryTable.Form.INTERLEAVED : RotaryTable.Form.HALF;
    Heads x = Views.random(Views.Layout.DENSE, BATCH, HEADS, ROWS, 20, SEED + 2);
    Heads y = Heads.zeros(BATCH, HEADS, ROWS, 20);
    Rotary.of(20, RotaryTable.of(form, cosines, sines, MOST, pairs)).apply(x, y, ids);
    assertClose(y, operator(x, cosines, sines, ids, interleaved, rotaryDim));
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void withoutPositionIds(boolean interleaved) {
    float[] cosines = Views.randomArray(BATCH * ROWS * 10, 1, SEED);
    float[] sines = Views.randomArray(BATCH * ROWS * 10, 1, SEED + 1);
    RotaryTable.Form form = interleaved ? RotaryTable.Form.INTERLEAVED : RotaryTable.Form.HALF;
    SequenceBatch x = Views.randomSequences(Views.Layout.DENSE, BATCH, ROWS, HEADS * 20, SEED + 3); // X of rank 3
    SequenceBatch y = SequenceBatch.zeros(BATCH, ROWS, HEADS * 20);
    Rotary rotary = Rotary.of(20, RotaryTable.of(form, cosines, sines, BATCH * ROWS, 10));
    rotary.apply(x.split(HEADS), y.split(HEADS), Positions.ofRows(BATCH * ROWS, 0));
    assertClose(y.split(HEADS), operator(x.split(HEADS), cosines, sines, new int[0], interleaved, 0));
  }
}
