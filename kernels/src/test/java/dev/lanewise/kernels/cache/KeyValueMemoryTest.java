package dev.lanewise.kernels.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import dev.lanewise.kernels.testing.HeadsLayout;
import dev.lanewise.kernels.testing.StoredElement;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a cache gives back of what was stored, in an array and outside of the heap. */
@Tag("once")
class KeyValueMemoryTest {
  private static final int HEADS = 3;
  private static final int KEY_WIDTH = 5;
  private static final int VALUE_WIDTH = 19;
  private static final int BLOCKS = 4;
  private static final int BLOCK_ROWS = KeyValueLayout.BLOCK_ROWS;

  private static KeyValueLayout layout(KeyValueFormat format) {
    return new KeyValueLayout(format, HEADS, KEY_WIDTH, VALUE_WIDTH);
  }

  /** Memory in an array and outside of the heap. */
  private static Stream<KeyValueMemory> memories(KeyValueFormat format, float @Nullable [] channels) {
    return Stream.of(
        KeyValueMemory.heap(layout(format), BLOCKS, channels), KeyValueMemory.offHeap(layout(format), BLOCKS, channels, Arena.ofAuto()));
  }

  private static Heads random(int width, long seed) {
    return HeadsLayout.APART.random(2, HEADS, BLOCKS * BLOCK_ROWS, width, new SplittableRandom(seed));
  }

  private static void writeAll(KeyValueMemory memory, Heads key, Heads value) {
    for (int row = 0; row < BLOCKS * BLOCK_ROWS; row++) {
      memory.write(row / BLOCK_ROWS, row % BLOCK_ROWS, key, value, 1, row);
    }
  }

  /** The largest error of an element: half a unit in the last of 24, 11 or 8 bits, half a step of the row's scale. */
  private static double bound(KeyValueFormat format, double x, double largest) {
    return switch (format) {
      case F32 -> 0;
      case F16 -> Math.max(Math.abs(x) * 0x1p-11, 0x1p-25);
      case BF16 -> Math.abs(x) * 0x1p-8;
      case INT8 -> largest / 254 * (1 + 1e-5);
    };
  }

  @ParameterizedTest
  @EnumSource
  void everyElementComesBackRounded(KeyValueFormat format) {
    Heads key = random(KEY_WIDTH, 1);
    Heads value = random(VALUE_WIDTH, 2);
    memories(format, null)
        .forEach(
            memory -> {
              writeAll(memory, key, value);
              assertStored(memory, key, true);
              assertStored(memory, value, false);
            });
  }

  private static void assertStored(KeyValueMemory memory, Heads source, boolean isKey) {
    for (int head = 0; head < HEADS; head++) {
      for (int row = 0; row < source.rows(); row++) {
        double largest = 0;
        for (int d = 0; d < source.width(); d++) {
          largest = Math.max(largest, Math.abs(source.get(1, head, row, d)));
        }
        for (int d = 0; d < source.width(); d++) {
          float x = source.get(1, head, row, d);
          float stored = stored(memory, isKey, head, row, d);
          assertThat(Math.abs((double) stored - x))
              .as("head %s, row %s, element %s of %s: %s for %s", head, row, d, isKey ? "K" : "V", stored, x)
              .isLessThanOrEqualTo(bound(memory.layout().format(), x, largest));
        }
      }
    }
  }

  private static float stored(KeyValueMemory memory, boolean isKey, int head, int row, int d) {
    return isKey
        ? StoredElement.key(memory, row / BLOCK_ROWS, head, row % BLOCK_ROWS, d)
        : StoredElement.value(memory, row / BLOCK_ROWS, head, row % BLOCK_ROWS, d);
  }

  /** A column a thousand times as large as the others leaves them their precision. */
  @Test
  void channelsKeepSmallColumnsOfKeysPrecise() {
    Heads key = HeadsLayout.DENSE.random(2, HEADS, BLOCKS * BLOCK_ROWS, KEY_WIDTH, new SplittableRandom(3));
    float[] channels = new float[HEADS * KEY_WIDTH];
    for (int i = 0; i < channels.length; i++) {
      channels[i] = i % KEY_WIDTH == 2 ? 1000 : 1;
    }
    HeadsLayout.forEach(key, (b, head, row, d) -> key.data()[key.index(b, head, row, d)] *= channels[head * KEY_WIDTH + d]);
    memories(KeyValueFormat.INT8, channels)
        .forEach(
            memory -> {
              writeAll(memory, key, random(VALUE_WIDTH, 4));
              HeadsLayout.forEach(
                  key,
                  (b, head, row, d) -> {
                    if (b == 1) {
                      float channel = channels[head * KEY_WIDTH + d];
                      assertThat(stored(memory, true, head, row, d))
                          .isBetween(key.get(b, head, row, d) - 0.02f * channel, key.get(b, head, row, d) + 0.02f * channel);
                    }
                  });
            });
  }

  /** Rows with an element that is not finite in V are known, are forgotten when rows end before them, and when they are written again. */
  @ParameterizedTest
  @EnumSource
  void specialRowsAreKnownUntilTheyAreCleared(KeyValueFormat format) {
    Heads key = random(KEY_WIDTH, 5);
    Heads value = random(VALUE_WIDTH, 6);
    value.data()[value.index(1, 2, 21, 18)] = Float.NaN;
    value.data()[value.index(1, 0, 30, 0)] = Float.NEGATIVE_INFINITY;
    memories(format, null)
        .forEach(
            memory -> {
              writeAll(memory, key, value);
              assertThat(memory.isSpecial(0)).isFalse();
              assertThat(memory.isSpecial(1)).isTrue();
              assertThat(memory.isSpecialFrom(1, 14)).isTrue();
              assertThat(memory.isSpecialFrom(1, 15)).isFalse();
              memory.clearFrom(1, 6);
              assertThat(memory.isSpecialFrom(1, 6)).isFalse();
              assertThat(memory.isSpecial(1)).isTrue();
              assertThat(StoredElement.value(memory, 1, 0, 14, 3)).isZero();
              assertThat(StoredElement.value(memory, 1, 2, 14, VALUE_WIDTH - 1)).isZero();
              assertThat(StoredElement.key(memory, 1, 0, 14, 3)).isZero();
              assertThat(StoredElement.key(memory, 1, 2, 14, KEY_WIDTH - 1)).isZero();
              assertThat(StoredElement.key(memory, 1, 0, 13, 3)).isNotZero();
              memory.write(1, 5, key, value, 1, 0);
              assertThat(memory.isSpecial(1)).isFalse();
            });
  }

  /** Rows that move take their mark with them. */
  @Test
  void marksOfSpecialRowsAreSetOneByOne() {
    KeyValueMemory memory = KeyValueMemory.heap(layout(KeyValueFormat.F32), BLOCKS, null);
    memory.setSpecialRow(2, 15, true);
    memory.setSpecialRow(2, 3, true);
    for (int row = 0; row < BLOCK_ROWS; row++) {
      assertThat(memory.isSpecialRow(2, row)).as("row %s", row).isEqualTo(row == 3 || row == 15);
    }
    memory.setSpecialRow(2, 15, false);
    assertThat(memory.isSpecialRow(2, 15)).isFalse();
    assertThat(memory.isSpecialRow(2, 3)).isTrue();
    memory.setSpecialRow(2, 3, false);
    assertThat(memory.isSpecial(2)).isFalse();
  }

  /** The scale of the largest floats is rounded down, so that they do not become infinite. */
  @Test
  void largestFloatsComeBackFiniteFromBytes() {
    KeyValueMemory memory = KeyValueMemory.heap(layout(KeyValueFormat.INT8), BLOCKS, null);
    Heads key = Heads.zeros(1, HEADS, 1, KEY_WIDTH);
    Heads value = Heads.zeros(1, HEADS, 1, VALUE_WIDTH);
    float x = Float.MAX_VALUE;
    for (int i = 0; i < 64; i++) {
      key.data()[1] = x;
      memory.write(0, 0, key, value, 0, 0);
      assertThat(StoredElement.key(memory, 0, 0, 0, 1)).as("for %s", x).isBetween(x * 0.999f, Float.MAX_VALUE);
      x = Math.nextDown(x);
    }
  }

  /** 65520 is the least number that rounds to an infinite half. */
  @Test
  void aHalfThatOverflowsIsSpecial() {
    memories(KeyValueFormat.F16, null)
        .forEach(
            memory -> {
              Heads value = Heads.zeros(1, HEADS, 1, VALUE_WIDTH);
              Heads key = Heads.zeros(1, HEADS, 1, KEY_WIDTH);
              key.data()[1] = 65519;
              memory.write(0, 0, key, value, 0, 0);
              assertThat(memory.isSpecial(0)).isFalse();
              assertThat(StoredElement.key(memory, 0, 0, 0, 1)).isEqualTo(65504);
              key.data()[1] = 65520;
              memory.write(0, 0, key, value, 0, 0);
              assertThat(memory.isSpecial(0)).isTrue();
              assertThat(StoredElement.key(memory, 0, 0, 0, 1)).isInfinite();
            });
  }

  @ParameterizedTest
  @EnumSource
  void aCopiedBlockHoldsTheSameRows(KeyValueFormat format) {
    Heads key = random(KEY_WIDTH, 7);
    Heads value = random(VALUE_WIDTH, 8);
    value.data()[value.index(1, 1, 3, 4)] = Float.POSITIVE_INFINITY;
    memories(format, null)
        .forEach(
            memory -> {
              writeAll(memory, key, value);
              KeyValueMemory copy = memories(format, null).filter(other -> other.isNative() == memory.isNative()).findAny().orElseThrow();
              copy.copyBlock(memory, 0, 3);
              memory.copyBlock(memory, 0, 2);
              assertThat(copy.isSpecial(3)).isTrue();
              for (int row = 0; row < BLOCK_ROWS; row++) {
                assertThat(row(copy, 3, row)).isEqualTo(row(memory, 0, row)).isEqualTo(row(memory, 2, row));
              }
            });
  }

  /** K and V of a row, all heads. */
  private static List<Float> row(KeyValueMemory memory, int block, int row) {
    List<Float> elements = new ArrayList<>();
    for (int head = 0; head < HEADS; head++) {
      for (int d = 0; d < KEY_WIDTH; d++) {
        elements.add(StoredElement.key(memory, block, head, row, d));
      }
      for (int d = 0; d < VALUE_WIDTH; d++) {
        elements.add(StoredElement.value(memory, block, head, row, d));
      }
    }
    return elements;
  }
}
