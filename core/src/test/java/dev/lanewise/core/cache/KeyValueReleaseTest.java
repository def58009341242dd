package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.page.BatchRead;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.kernels.cache.KeyValueLayout;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Caches and pools return all that they use, however their use ends, and report true numbers. */
@Tag("once")
class KeyValueReleaseTest {

  private static KeyValueMemory memory(KeyValueCache cache) {
    KeyValueMemory memory = cache.acquireShared().memory(0);
    cache.releaseShared();
    return memory;
  }

  @Test
  void offHeapMemoryIsFreedWithItsOwner() {
    KeyValuePool pool = KeyValuePool.builder(1, 4).pages(2).offHeap().build();
    KeyValueCache ofPool = pool.newCache();
    CachedRows.append(ofPool, 3, 0);
    KeyValueMemory pooled = memory(ofPool);
    ofPool.close();
    assertThat(CachedRows.key(pooled, 0, 0, 2, 0)).as("the pool is still there").isEqualTo(2);
    pool.close();
    assertThatThrownBy(() -> CachedRows.key(pooled, 0, 0, 2, 0)).isInstanceOf(IllegalStateException.class);

    KeyValueCache alone = KeyValueCache.builder(1, 4).capacity(16).offHeap().build();
    CachedRows.append(alone, 3, 0);
    KeyValueMemory own = memory(alone);
    assertThat(CachedRows.key(own, 0, 0, 2, 0)).isEqualTo(2);
    alone.close();
    assertThatThrownBy(() -> CachedRows.key(own, 0, 0, 2, 0)).isInstanceOf(IllegalStateException.class);
  }

  /** If one of several caches refuses a read, no cache stays in use. */
  @Test
  void aRefusedReadLeavesNoCacheInUse() {
    KeyValueCache closed = KeyValueCache.builder(1, 4).capacity(16).build();
    closed.close();
    try (KeyValueCache open = KeyValueCache.builder(1, 4).capacity(16).build()) {
      assertThatThrownBy(() -> BatchRead.acquire(List.of(open, closed))).isInstanceOf(IllegalStateException.class);
      assertThatCode(() -> CachedRows.append(open, 1, 0)).doesNotThrowAnyException();
      BatchRead.acquire(List.of(open));
      assertThatThrownBy(() -> CachedRows.append(open, 1, 0)).hasMessageContaining("1 calls read it");
      BatchRead.release(List.of(open), 1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void statisticsCountBytes(KeyValueFormat format) {
    KeyValueLayout layout = new KeyValueLayout(format, 2, 4, 3);
    int scales = format == KeyValueFormat.INT8 ? 2 * 2 * 16 * 4 : 0;
    assertThat(layout.blockBytes()).isEqualTo(2 * 16 * (4 + 16) * (long) format.bytes() + scales);
    assertThat(layout.rowBytes()).isEqualTo(7L * format.bytes() + (format == KeyValueFormat.INT8 ? 8 : 0));
    try (KeyValuePool pool = KeyValuePool.builder(2, 4).valueDim(3).format(format).pageRows(32).pages(5).build();
        KeyValueCache cache = pool.newCache();
        KeyValueCache alone = KeyValueCache.builder(2, 4).valueDim(3).format(format).capacity(40).build()) {
      CachedRows.append(cache, 33, 0);
      CachedRows.append(alone, 33, 0);
      long page = 2 * layout.blockBytes();
      assertThat(pool.statistics().bytesUsed()).isEqualTo(2 * page);
      assertThat(pool.statistics().bytesReserved()).isEqualTo(5 * page);
      assertThat(cache.statistics().bytesReserved()).isEqualTo(2 * page);
      assertThat(alone.statistics().bytesReserved()).isEqualTo(3 * layout.blockBytes());
      assertThat(cache.statistics().bytesUsed()).isEqualTo(33 * 2 * layout.rowBytes());
    }
  }

  /** A large block has a gap after it, so that the distance between blocks is no power of two. */
  @ParameterizedTest
  @EnumSource
  void largeBlocksHaveAGap(KeyValueFormat format) {
    int width = (1 << 16) / format.bytes() / 16 / 2;
    assertThat(new KeyValueLayout(format, 1, width, width).blockBytes() % (1 << 16)).isGreaterThanOrEqualTo(17 * 64);
    assertThat(new KeyValueLayout(format, 1, width - 1, width).blockBytes()).isLessThan((1 << 16) + 17 * 64);
  }

  @Test
  void memoryRefusesWhatDoesNotFit() {
    KeyValueLayout layout = new KeyValueLayout(KeyValueFormat.INT8, 2, 4, 3);
    KeyValueLayout floats = new KeyValueLayout(KeyValueFormat.F32, 2, 4, 3);
    float[] ones = {1, 1, 1, 1, 1, 1, 1, 1};
    float[] tiny = {1, 1, 1, 1, 1, 1, 1, Float.MIN_NORMAL / 2};
    try (Arena arena = Arena.ofConfined()) {
      assertThat(KeyValueMemory.heap(layout, 3, ones).blocks()).isEqualTo(3);
      assertThat(KeyValueMemory.offHeap(layout, 2, ones, arena).blocks()).isEqualTo(2);
      refused(() -> KeyValueMemory.heap(layout, 0, null), "blocks is 0, must be at least 1");
      refused(() -> KeyValueMemory.offHeap(layout, 0, null, arena), "blocks is 0, must be at least 1");
      refused(() -> KeyValueMemory.heap(floats, 1, ones), "keyChannels are for INT8, format is F32");
      refused(() -> KeyValueMemory.offHeap(floats, 1, ones, arena), "keyChannels are for INT8, format is F32");
      refused(() -> KeyValueMemory.heap(layout, 1, new float[7]), "keyChannels.length is 7, but heads * keyWidth is 8");
      refused(() -> KeyValueMemory.heap(layout, 1, tiny), "keyChannels[7] is ");
      tiny[7] = Float.POSITIVE_INFINITY;
      refused(() -> KeyValueMemory.heap(layout, 1, tiny), "keyChannels[7] is Infinity, must be finite and at least 1.1754944E-38");
      tiny[7] = Float.MIN_NORMAL;
      assertThat(KeyValueMemory.heap(layout, 1, tiny).layout()).isEqualTo(layout);
      refused(() -> KeyValueMemory.heap(floats, Integer.MAX_VALUE, null), "blocks is 2147483647");
      refused(() -> KeyValueMemory.heap(floats, KeyValueMemory.mostHeapBlocks(floats) + 1, null), "the most that an array can hold is ");
    }
    refused(() -> new KeyValueLayout(KeyValueFormat.F32, 0, 1, 1), "heads is 0, must be at least 1");
    refused(() -> new KeyValueLayout(KeyValueFormat.F32, 1, 0, 1), "keyWidth is 0, must be at least 1");
    refused(() -> new KeyValueLayout(KeyValueFormat.F32, 1, 1, 0), "valueWidth is 0, must be at least 1");
    refused(() -> KeyValuePool.builder(1, 1).pageRows(0), "pageRows is 0, must be at least 1");
  }

  private static void refused(Runnable call, String message) {
    assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
  }

  /** A row that needs the slow loop no longer affects its neighbours when its page is used for other rows. */
  @Test
  void aReusedPageHoldsNoOldRows() {
    try (KeyValuePool pool = KeyValuePool.builder(1, 4).pages(1).build()) {
      for (float x : new float[] {Float.POSITIVE_INFINITY, Float.NaN, 1}) {
        try (KeyValueCache cache = pool.newCache()) {
          Heads rows = new Heads(new float[] {x}, 0, 1, 1, 5, 4, 0, 0, 0, 0);
          cache.append(Heads.zeros(1, 1, 2, 4), x == 1 ? rows.rows(0, 2) : Heads.zeros(1, 1, 2, 4));
          Heads output = Heads.zeros(1, 1, 1, 4);
          Attention.standard().compute(Heads.zeros(1, 1, 1, 4), List.of(cache), output);
          assertThat(output.data()).containsOnly(x == 1 ? 1 : 0);
          if (x != 1) {
            cache.append(Heads.zeros(1, 1, 5, 4), rows);
          }
        }
      }
    }
  }

  /** A hidden row has no effect, in memory of any kind: a weight of 0 times infinity would be NaN. */
  @ParameterizedTest
  @EnumSource
  void infiniteRowsBehindAMaskOutsideOfTheHeap(KeyValueFormat format) {
    for (float x : new float[] {Float.POSITIVE_INFINITY, Float.NaN, 1e30f}) {
      try (KeyValueCache cache = KeyValueCache.builder(1, 4).capacity(40).format(format).offHeap().build()) {
        cache.append(Heads.zeros(1, 1, 19, 4), new Heads(new float[] {2}, 0, 1, 1, 19, 4, 0, 0, 0, 0));
        cache.append(Heads.zeros(1, 1, 3, 4), new Heads(new float[] {x}, 0, 1, 1, 3, 4, 0, 0, 0, 0));
        Heads output = Heads.zeros(1, 1, 1, 4);
        Attention.standard().withMask(Mask.keyLengths(19)).compute(Heads.zeros(1, 1, 1, 4), List.of(cache), output);
        for (float found : output.data()) {
          assertThat(Math.abs(found - 2)).as("%s behind the mask", x).isLessThan(1e-5f);
        }
      }
    }
  }
}
