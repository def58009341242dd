package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.kernels.Heads;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What attention promises whatever its numbers are; the numbers themselves are compared with the reference elsewhere. */
class AttentionPropertiesTest {
  private static final long SEED = 20261;

  @Test
  void equalScoresGiveTheMeanOfTheVisibleValues() {
    Heads query = Heads.zeros(1, 1, 3, 4);
    Heads key = random(1, 1, 3, 4);
    Heads value = Heads.of(new float[] {1, 10, 2, 20, 6, 60}, 1, 1, 3, 2);
    Heads output = Heads.zeros(1, 1, 3, 2);
    Attention.standard().withMask(Mask.causal()).compute(query, key, value, output);
    float[] expected = {1, 10, 1.5f, 15, 3, 30};
    for (int i = 0; i < expected.length; i++) {
      assertThat(output.data()[i]).isCloseTo(expected[i], within(1e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void bitsOfARowDependOnNothingButItsRow(int threads) {
    int queries = 131;
    int keys = 150;
    Heads query = random(2, 6, queries, 24);
    Heads key = random(2, 3, keys, 24);
    Heads value = random(2, 3, keys, 20);
    Mask mask = Mask.causal().and(Mask.keyLengths(keys, 77));
    Heads output = Heads.zeros(2, 6, queries, 20);
    Attention.standard().withMask(mask).withThreads(threads).compute(query, key, value, output);
    for (int row : new int[] {0, 1, 63, 64, 130}) {
      int visible = mask.visibleKeys(1, row, queries, keys);
      Heads alone = Heads.zeros(1, 1, 1, 20);
      Attention.standard().compute(part(query, 1, 4, row, row + 1), part(key, 1, 2, 0, visible), part(value, 1, 2, 0, visible), alone);
      int start = output.index(1, 4, row);
      assertThat(alone.data()).as("row %d", row).containsExactly(Arrays.copyOfRange(output.data(), start, start + 20));
    }
  }

  @Test
  void anyNumberOfThreadsWillDo() {
    Heads query = random(1, 10, 70, 4);
    Heads value = random(1, 10, 70, 3);
    Heads expected = Heads.zeros(1, 10, 70, 3);
    Attention.standard().compute(query, query, value, expected);
    for (int threads : new int[] {1 << 29, Integer.MAX_VALUE}) {
      Heads output = Heads.zeros(1, 10, 70, 3);
      Attention.standard().withThreads(threads).compute(query, query, value, output);
      assertThat(output.data()).containsExactly(expected.data());
    }
  }

  @Test
  void maskedKeysNeverReachTheOutput() {
    Heads query = random(1, 2, 60, 8);
    Heads key = random(1, 2, 70, 8);
    Heads value = random(1, 2, 70, 5);
    Attention attention = Attention.standard().withMask(Mask.causal(Mask.Alignment.TOP_LEFT).and(Mask.keyLengths(33)));
    Heads expected = Heads.zeros(1, 2, 60, 5);
    attention.compute(query, key, value, expected);
    for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (int from : new int[] {1, 20, 33}) {
        Heads badKey = poisoned(key, from, poison);
        Heads badValue = poisoned(value, from, poison);
        Heads output = Heads.zeros(1, 2, 60, 5);
        attention.compute(query, badKey, badValue, output);
        for (int head = 0; head < 2; head++) {
          int start = output.index(0, head, 0);
          int end = from == 33 ? output.index(0, head, 59) + 5 : output.index(0, head, from);
          assertThat(Arrays.copyOfRange(output.data(), start, end)).containsExactly(Arrays.copyOfRange(expected.data(), start, end));
        }
      }
    }
  }

  @Test
  void weightsSumToOneAndMaskedOnesAreZero() {
    Heads query = random(2, 4, 50, 8);
    Heads key = poisoned(random(2, 2, 64, 8), 40, Float.NaN);
    Heads weights = new Heads(filled(2 * 4 * 50 * 70, Float.NaN), 3, 2, 4, 50, 64, 4 * 50 * 70, 50 * 70 - 1, 69);
    Attention.standard().withMask(Mask.keyLengths(40, 0)).withThreads(2).weights(query, key, weights);
    for (int head = 0; head < 4; head++) {
      for (int row = 0; row < 50; row++) {
        double sum = 0;
        for (int column = 0; column < 64; column++) {
          float weight = weights.get(0, head, row, column);
          sum += weight;
          assertThat(weight == 0).isEqualTo(column >= 40);
          assertThat(weights.get(1, head, row, column)).isZero();
        }
        assertThat(sum).isCloseTo(1, within(1e-5));
        assertThat(weights.data()[weights.index(0, head, row) + 64]).as("between rows").isNaN();
      }
    }
  }

  @Test
  void queriesWithoutKeysGetZero() {
    Heads output = Heads.of(filled(2 * 3, 7), 1, 2, 1, 3);
    Attention.standard().compute(random(1, 2, 1, 4), random(1, 1, 0, 4), random(1, 1, 0, 3), output);
    assertThat(output.data()).containsOnly(0f);
    Heads causal = Heads.of(filled(5 * 3, 7), 1, 1, 5, 3);
    Attention.standard().withMask(Mask.causal()).compute(random(1, 1, 5, 4), random(1, 1, 2, 4), random(1, 1, 2, 3), causal);
    assertThat(Arrays.copyOf(causal.data(), 9)).containsOnly(0f);
    assertThat(Arrays.copyOfRange(causal.data(), 9, 15)).doesNotContain(0f);
  }

  @Test
  void emptyProblemsWriteNothing() {
    for (int[] size : new int[][] {{0, 2, 3}, {2, 0, 3}, {2, 2, 0}}) {
      Heads output = Heads.zeros(size[0], size[1], size[2], 4);
      Heads key = random(size[0], 1, 6, 8);
      Attention.standard().withThreads(2).compute(random(size[0], size[1], size[2], 8), key, random(size[0], 1, 6, 4), output);
      Attention.standard().weights(random(size[0], size[1], size[2], 8), key, Heads.zeros(size[0], size[1], size[2], 6));
    }
  }

  @Test
  void headsOfOnePackedArrayAreAccepted() {
    int rows = 7;
    int heads = 2;
    int width = 5;
    Heads query = random(2, heads, rows, width);
    Heads key = random(2, heads, rows, width);
    Heads value = random(2, heads, rows, width);
    Heads expected = Heads.zeros(2, heads, rows, width);
    Attention.standard().compute(query, key, value, expected);
    int slot = heads * width;
    // batch, row, {query, key, value, output}, head; then batch, {…}, head, row; then batch, head, row, {…}
    int[][] layouts = {
      {slot, rows * 4 * slot, width, 4 * slot},
      {slot * rows, 4 * slot * rows, rows * width, width},
      {width, heads * rows * 4 * width, rows * 4 * width, 4 * width}
    };
    for (int[] layout : layouts) {
      float[] packed = new float[2 * rows * 4 * slot];
      Heads[] parts = new Heads[4];
      for (int i = 0; i < 4; i++) {
        parts[i] = new Heads(packed, i * layout[0], 2, heads, rows, width, layout[1], layout[2], layout[3]);
      }
      copy(query, parts[0]);
      copy(key, parts[1]);
      copy(value, parts[2]);
      Attention.standard().compute(parts[0], parts[1], parts[2], parts[3]);
      Heads dense = Heads.zeros(2, heads, rows, width);
      copy(parts[3], dense);
      assertThat(dense.data()).containsExactly(expected.data());
    }
  }

  @Test
  void overlapIsRefusedBeforeAnythingIsWritten() {
    float[] shared = filled(4 * 6 * 8, 1);
    Heads whole = Heads.of(shared, 1, 4, 6, 8);
    Heads other = random(1, 4, 6, 8);
    Attention attention = Attention.standard();
    assertThatThrownBy(() -> attention.compute(whole, other, other, whole)).hasMessageContaining("output [0, 192) overlaps query [0, 192)");
    assertThatThrownBy(() -> attention.compute(other, whole, other, whole)).hasMessageContaining("overlaps key");
    assertThatThrownBy(() -> attention.compute(other, other, whole, whole)).hasMessageContaining("overlaps value");
    Heads collidingRows = new Heads(new float[200], 0, 1, 4, 6, 8, 0, 48, 7);
    assertThatThrownBy(() -> attention.compute(other, other, other, collidingRows))
        .hasMessageContaining("output.rowStride is 7")
        .hasMessageContaining("8");
    Heads collidingHeads = new Heads(new float[200], 0, 1, 4, 6, 8, 0, 47, 8);
    assertThatThrownBy(() -> attention.compute(other, other, other, collidingHeads))
        .hasMessageContaining("output.headStride is 47")
        .hasMessageContaining("48");
    assertThat(shared).containsOnly(1f);
  }

  static Heads random(int batch, int heads, int rows, int width) {
    Heads view = Heads.zeros(batch, heads, rows, width);
    Random random = new Random(SEED + 31L * rows + width);
    for (int i = 0; i < view.data().length; i++) {
      view.data()[i] = (float) random.nextGaussian();
    }
    return view;
  }

  static float[] filled(int length, float value) {
    float[] array = new float[length];
    Arrays.fill(array, value);
    return array;
  }

  private static Heads part(Heads view, int b, int head, int from, int to) {
    return new Heads(view.data(), view.index(b, head, from), 1, 1, to - from, view.width(), 0, 0, view.rowStride());
  }

  private static Heads poisoned(Heads view, int fromRow, float poison) {
    Heads copy = Heads.of(view.data().clone(), view.batch(), view.heads(), view.rows(), view.width());
    for (int b = 0; b < view.batch(); b++) {
      for (int head = 0; head < view.heads(); head++) {
        Arrays.fill(copy.data(), copy.index(b, head, fromRow), copy.index(b, head, view.rows()), poison);
      }
    }
    return copy;
  }

  private static void copy(Heads from, Heads to) {
    for (int b = 0; b < from.batch(); b++) {
      for (int head = 0; head < from.heads(); head++) {
        for (int row = 0; row < from.rows(); row++) {
          System.arraycopy(from.data(), from.index(b, head, row), to.data(), to.index(b, head, row), from.width());
        }
      }
    }
  }
}
