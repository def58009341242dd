package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Rows with strides are cached like others; sizes whose products overflow an int are refused; memory is reserved for all caches of a batch
 * or for none.
 */
@Tag("once")
class KeyValueStridesTest {
  private static final int HEADS = 3;
  private static final int ROWS = 21;
  private static final int WIDTH = 20;

  private static Heads rows(long seed) {
    return Views.random(Views.Layout.DENSE, 1, HEADS, ROWS, WIDTH, seed);
  }

  /** The same elements, stored column by column. */
  private static Heads turned(Heads view) {
    float[] data = new float[view.data().length];
    Heads turned = Heads.of(data, 1, HEADS, WIDTH, ROWS).transposed();
    int[] next = {0};
    float[] dense = Views.dense(view);
    Views.forEach(turned, index -> data[index] = dense[next[0]++]);
    return turned;
  }

  private static KeyValueCache cache(KeyValueFormat format, float[] channels) {
    KeyValueCache.Builder builder = KeyValueCache.builder(HEADS, WIDTH).capacity(ROWS).format(format);
    return (channels.length > 0 ? builder.keyChannels(channels) : builder).build();
  }

  @ParameterizedTest
  @EnumSource
  void elementsWithStrides(KeyValueFormat format) {
    Heads key = rows(1);
    Heads value = rows(2);
    float[] channels = format == KeyValueFormat.INT8 ? KeyValueCache.channelScales(key) : new float[0];
    try (KeyValueCache dense = cache(format, channels);
        KeyValueCache apart = cache(format, channels)) {
      dense.append(key, value);
      apart.append(turned(key), turned(value));
      for (int row = 0; row < ROWS; row++) {
        for (int head = 0; head < HEADS; head++) {
          for (int d = 0; d < WIDTH; d++) {
            for (boolean ofKey : new boolean[] {true, false}) {
              float stored = CachedRows.read(dense, row, ofKey, head, d);
              assertThat(CachedRows.read(apart, row, ofKey, head, d)).isEqualTo(stored);
              assertThat(Math.abs(stored - (ofKey ? key : value).get(0, head, row, d))).isLessThan(0.03f);
            }
          }
        }
      }
    }
  }

  @Test
  void channelScalesOfElementsWithStrides() {
    Heads key = rows(3);
    float[] scales = KeyValueCache.channelScales(key);
    assertThat(KeyValueCache.channelScales(turned(key))).isEqualTo(scales);
    float largest = 0;
    for (int row = 0; row < ROWS; row++) {
      largest = Math.max(largest, Math.abs(key.get(0, 2, row, 7)));
    }
    assertThat(scales[2 * WIDTH + 7]).isEqualTo(largest);
  }

  /** 2²⁸ heads of 2³⁶ elements each would have 2⁶⁴ elements, which is 0 in a long. */
  @Test
  void sizesThatOverflowALong() {
    int max = Integer.MAX_VALUE;
    List<int[]> sizes =
        List.of(new int[] {1 << 28, max, max - 14}, new int[] {max, max, max}, new int[] {1, max, max}, new int[] {max, 1, 1});
    for (int[] size : sizes) {
      assertThatThrownBy(() -> new KeyValueLayout(KeyValueFormat.F32, size[0], size[1], size[2]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(size[0] == max && size[1] == 1 ? "an array at most " + (max - 64) : "Width is ");
      assertThatThrownBy(() -> KeyValuePool.builder(size[0], size[1]).valueDim(size[2]).pages(1).build())
          .isInstanceOf(IllegalArgumentException.class);
    }
    // The maximum: 8,388,603 · 16 · (1 + 1 + 16) − 15 are too many, 16 times fewer heads are allowed.
    assertThat(new KeyValueLayout(KeyValueFormat.F32, 1 << 22, 1, 1).blockBytes()).isEqualTo((1L << 22) * 17 * 16 * 4 + 17 * 64);
  }

  /** If the second cache of a batch finds no free page, the pages of the first one are returned. */
  @Test
  void reservedPagesAreReturned() {
    try (KeyValuePool pool = KeyValuePool.builder(1, 4).pages(3).build();
        KeyValueCache one = pool.newCache();
        KeyValueCache other = pool.newCache()) {
      Heads rows = Heads.zeros(2, 1, 32, 4);
      assertThatThrownBy(() -> KeyValueCache.appendAll(List.of(one, other), rows, rows)).isInstanceOf(IllegalStateException.class);
      assertThat(pool.statistics().usedPages()).isZero();
      KeyValueCache.appendAll(List.of(one), Heads.zeros(1, 1, 48, 4), Heads.zeros(1, 1, 48, 4));
      assertThat(pool.statistics().usedPages()).isEqualTo(3);
      one.reset();
      Heads few = Heads.zeros(2, 1, 16, 4);
      KeyValueCache.appendAll(List.of(one, other), few, few);
      assertThat(pool.statistics().usedPages()).isEqualTo(2);
      assertThat(List.of(one.rows(), other.rows())).containsExactly(16, 16);
    }
  }
}
