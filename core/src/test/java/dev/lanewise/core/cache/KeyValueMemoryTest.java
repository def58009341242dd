package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory of caches: where rows are stored, how much is reserved, and what remains in it. */
@Tag("once")
class KeyValueMemoryTest {

  @Test
  void growingDoublesAndCopiesNothing() {
    KeyValueCache cache = KeyValueCache.builder(2, 4).capacity(32).growing().build();
    assertThat(cache.capacity()).isEqualTo(32);
    CachedRows.append(cache, 32, 0);
    KeyValueMemory first = cache.acquireShared().memory(0);
    cache.releaseShared();
    int[] capacities = {32, 64, 128, 256, 512};
    for (int row = 32; row < 300; row++) {
      CachedRows.append(cache, 1, row);
      int rows = row + 1;
      assertThat(cache.capacity()).isEqualTo(Arrays.stream(capacities).filter(capacity -> capacity >= rows).findFirst().orElseThrow());
    }
    assertThat(cache.acquireShared().memory(1)).isSameAs(first);
    cache.releaseShared();
    for (int row = 0; row < 300; row++) {
      assertThat(CachedRows.key(cache, row)).isEqualTo(row);
    }
    cache.reset();
    assertThat(cache.capacity()).isEqualTo(512);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 17, 50})
  void windowStaysWithinItsPages(int atOnce) {
    int window = 40;
    int sinks = 5;
    KeyValueCache cache = KeyValueCache.builder(1, 4).window(window, sinks).build();
    int most = Math.ceilDiv(sinks, 16) + Math.ceilDiv(window + atOnce - 1, 16) + 1; // the formula of the Javadoc
    int reached = 0;
    for (int row = 0; row < 2000; row += atOnce) {
      CachedRows.append(cache, atOnce, row);
      int pages = cache.statistics().pages();
      assertThat(pages).isLessThanOrEqualTo(most);
      reached = Math.max(reached, pages);
      for (int seen = Math.max(0, row - window + 1); seen < row + atOnce; seen++) {
        assertThat(CachedRows.key(cache, seen)).isEqualTo(seen);
      }
      for (int sink = 0; sink < Math.min(sinks, row); sink++) {
        assertThat(CachedRows.key(cache, sink)).isEqualTo(sink);
      }
    }
    assertThat(reached).isGreaterThanOrEqualTo(most - 1);
    assertThat(cache.statistics().bytesReserved()).isLessThanOrEqualTo(2 << 20);
    assertThat(cache.capacity()).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void windowOfAPoolNeedsNoPageMoreThanItHolds() {
    try (KeyValuePool pool = KeyValuePool.builder(1, 4).pages(4).build();
        KeyValueCache cache = pool.newCache(32, 16)) {
      for (int row = 0; row < 500; row++) {
        CachedRows.append(cache, 1, row); // of four pages, one holds the sinks and three hold the window
      }
      assertThat(pool.statistics().usedPages()).isLessThanOrEqualTo(4);
    }
  }

  @Test
  void pagesOfANewSequenceAreAdjacent() {
    try (KeyValuePool pool = KeyValuePool.builder(1, 4).pages(20).build();
        KeyValueCache keeper = pool.newCache()) {
      KeyValueCache first = pool.newCache();
      KeyValueCache second = pool.newCache();
      for (int i = 0; i < 5; i++) {
        CachedRows.append(first, 16, 0);
        CachedRows.append(second, 16, 0);
      }
      assertThat(CachedRows.physicalBlocks(first)).containsExactly(0, 2, 4, 6, 8);
      second.close();
      first.close();
      CachedRows.append(keeper, 16 * 12, 0);
      assertThat(CachedRows.physicalBlocks(keeper)).isEqualTo(IntStream.range(0, 12).toArray());
    }
  }

  @Test
  void forksShareTheirPrefix() {
    try (KeyValuePool pool = KeyValuePool.builder(1, 4).pages(100).build();
        KeyValueCache prompt = pool.newCache()) {
      CachedRows.append(prompt, 16 * 10 + 3, 0);
      List<KeyValueCache> answers = IntStream.range(0, 8).mapToObj(i -> prompt.fork()).toList();
      assertThat(pool.statistics().usedPages()).isEqualTo(11);
      for (int i = 0; i < 8; i++) {
        CachedRows.append(answers.get(i), 1, 1000 * i);
      }
      assertThat(pool.statistics().usedPages()).isEqualTo(11 + 8);
      assertThat(pool.statistics().sharedPages()).isEqualTo(10);
      for (int i = 0; i < 8; i++) {
        assertThat(CachedRows.key(answers.get(i), 163)).isEqualTo(1000 * i);
        assertThat(CachedRows.key(answers.get(i), 162)).isEqualTo(162);
        answers.get(i).close();
      }
      assertThat(pool.statistics().usedPages()).isEqualTo(11);
    }
  }

  /** 2³³ elements and more: only memory that is needed is reserved. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void largeMemoryCostsNothingUntilItIsUsed(boolean offHeap) {
    int rows = 1 << 21;
    var builder = KeyValueCache.builder(16, 128).format(KeyValueFormat.INT8).capacity(rows);
    try (KeyValueCache cache = (offHeap ? builder.offHeap() : builder).build()) {
      assertThat((long) rows * 16 * 256).isGreaterThan(1L << 32);
      assertThat(cache.capacity()).isEqualTo(rows);
      assertThat(cache.statistics().bytesReserved()).isZero();
      CachedRows.append(cache, 3, 0);
      assertThat(cache.statistics().bytesReserved()).isBetween(1L, 64L << 20);
    }
    var poolBuilder = KeyValuePool.builder(16, 128).format(KeyValueFormat.BF16).pages(Integer.MAX_VALUE);
    try (KeyValuePool pool = (offHeap ? poolBuilder.offHeap() : poolBuilder).build();
        KeyValueCache cache = pool.newCache()) {
      CachedRows.append(cache, 3, 0);
      assertThat(pool.statistics().bytesReserved()).isBetween(1L, 64L << 20);
      assertThat(cache.capacity()).isEqualTo(Integer.MAX_VALUE);
    }
  }

  /** A sequence whose rows are in several slabs. */
  @Test
  void sequencesContinueInTheNextSlab() {
    try (KeyValueCache cache = KeyValueCache.builder(1, 512).capacity(2048).build()) {
      CachedRows.append(cache, 2048, 0);
      KeyValueMemory first = cache.acquireShared().memory(0);
      assertThat(cache.acquireShared().memory(127)).isNotSameAs(first);
      cache.releaseShared();
      cache.releaseShared();
      for (int row = 0; row < 2048; row++) {
        assertThat(CachedRows.key(cache, row)).isEqualTo(row);
      }
      assertThat(cache.statistics().bytesReserved()).isEqualTo(128 * cache.table().layout().blockBytes());
    }
  }

  /** Loops read blocks to their end, and a weight of 0 does not cancel NaN. */
  @ParameterizedTest
  @EnumSource(KeyValueFormat.class)
  void nothingSpecialIsLeftInPagesThatAreUsedAgain(KeyValueFormat format) {
    for (float special : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      try (KeyValuePool pool = KeyValuePool.builder(1, 4).format(format).pages(1).build();
          KeyValueCache cache = pool.newCache()) {
        Heads rows = Heads.zeros(1, 1, 16, 4);
        for (int row = 0; row < 16; row++) {
          rows.data()[row * 4 + row % 4] = special;
        }
        cache.append(rows, rows);
        cache.reset();
        CachedRows.append(cache, 1, 1);
        for (int row = 1; row < 16; row++) {
          assertThat(CachedRows.value(cache, row)).as(format + " row " + row).isFinite();
        }
      }
    }
  }

  @Test
  void steadyAppendAllocatesNothing() {
    try (KeyValuePool pool = KeyValuePool.builder(4, 16).pages(1024).build();
        KeyValueCache pooled = pool.newCache();
        KeyValueCache windowed = pool.newCache(100, 4);
        KeyValueCache own = KeyValueCache.builder(4, 16).capacity(8192).build()) {
      Heads row = Heads.zeros(1, 4, 1, 16);
      List<KeyValueCache> caches = List.of(pooled, windowed, own);
      for (KeyValueCache cache : caches) {
        for (int i = 0; i < 8192; i++) {
          cache.append(row, row); // reserves the pages
        }
        cache.truncate(Math.max(0, cache == windowed ? 8190 : 16));
      }
      var memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      for (KeyValueCache cache : caches) {
        long before = memory.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 4096; i++) {
          cache.append(row, row);
        }
        assertThat(memory.getCurrentThreadAllocatedBytes() - before).isLessThan(4096);
      }
    }
  }

  /** After closing, memory that could be read before cannot be read any more: the system has it back. */
  @Test
  void closingFreesMemoryOutsideOfTheHeapAtOnce() {
    KeyValueCache cache = KeyValueCache.builder(1, 4).capacity(64).offHeap().build();
    CachedRows.append(cache, 64, 7);
    KeyValueMemory own = cache.acquireShared().memory(0);
    cache.releaseShared();
    KeyValueCache fork = cache.fork();
    cache.close();
    assertFreed(own);
    assertThat(CachedRows.key(fork, 0)).as("a fork has memory of its own").isEqualTo(7);
    fork.close();

    KeyValuePool pool = KeyValuePool.builder(1, 4).pages(8).offHeap().build();
    KeyValueCache pooled = pool.newCache();
    CachedRows.append(pooled, 20, 7);
    KeyValueMemory page = pooled.acquireShared().memory(0);
    pooled.releaseShared();
    pooled.close();
    assertThat(CachedRows.key(page, 0, 0, 0, 0)).as("pages stay with the pool").isEqualTo(7);
    pool.close();
    assertFreed(page);
  }

  private static void assertFreed(KeyValueMemory memory) {
    assertThatThrownBy(() -> CachedRows.key(memory, 0, 0, 0, 0)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
  }

  /** As the Javadoc says, only close frees memory outside the heap; a cache on the heap is freed with its last reference. */
  @Test
  void onlyMemoryOutsideTheHeapStaysWithoutClose() throws Exception {
    WeakReference<KeyValueMemory> heap = forgotten(KeyValueCache.builder(1, 4).capacity(64).build());
    KeyValueCache cache = KeyValueCache.builder(1, 4).capacity(64).offHeap().build();
    CachedRows.append(cache, 64, 7);
    KeyValueMemory offHeap = cache.acquireShared().memory(0);
    cache = null;
    for (int i = 0; i < 200 && heap.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertThat(heap.get()).isNull();
    assertThat(CachedRows.key(offHeap, 0, 0, 0, 0)).as("nobody has freed it").isEqualTo(7);
  }

  private static WeakReference<KeyValueMemory> forgotten(KeyValueCache cache) {
    CachedRows.append(cache, 64, 7);
    KeyValueMemory memory = cache.acquireShared().memory(0);
    cache.releaseShared();
    return new WeakReference<>(memory);
  }
}
