package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Promises of the Javadoc of caches and pools; messages name what the caller gave. */
@Tag("once")
class CachePromisesTest {
  private static final int MAX = Integer.MAX_VALUE;

  /** Maximum width of a row for attention. */
  private static final int WIDEST = 1 << 22;

  private static final Heads ROW = Heads.zeros(1, 2, 1, 4);
  private static final Heads TWO = Heads.zeros(2, 2, 1, 4);

  @ParameterizedTest
  @MethodSource({"widths", "builders", "calls"})
  void throwsAndWritesNothing(Wrong wrong) {
    wrong.verify();
  }

  static List<Wrong> widths() {
    return List.of(
        Wrong.argument("headDim", out -> KeyValueCache.builder(1, WIDEST + 1), "headDim", "4194305", "4194304"),
        Wrong.argument("headDim of a pool", out -> KeyValuePool.builder(1, MAX), "headDim", "2147483647", "4194304"),
        Wrong.argument("valueDim", out -> KeyValueCache.builder(1, 1).valueDim(WIDEST + 1), "valueDim", "4194305", "4194304"),
        Wrong.argument(
            "a block", out -> KeyValueCache.builder(777, 1 << 20).valueDim(3).capacity(1).build(), "keyValueHeads", "777", "1048576", "3"),
        Wrong.argument("a block outside of the heap", out -> KeyValuePool.builder(MAX, 5).offHeap().pages(1).build(), "2147483647", "5"),
        Wrong.argument(
            "a page",
            out -> KeyValuePool.builder(64, 1024).pageRows(1 << 20).pages(1).build(),
            "pageRows",
            "1048576",
            "keyValueHeads",
            "64",
            "1024"),
        Wrong.argument(
            "scales of a page",
            out -> KeyValuePool.builder(64, 1).format(KeyValueFormat.INT8).offHeap().pageRows(1 << 26).pages(1).build(),
            "pageRows",
            "67108864"));
  }

  static List<Wrong> builders() {
    return List.of(
        Wrong.argument("window and growing", out -> KeyValueCache.builder(2, 4).window(5, 1).growing().build(), "window", "5", "growing"),
        Wrong.argument(
            "window and capacity",
            out -> KeyValueCache.builder(2, 4).window(5, 1).capacity(7).growing().build(),
            "window",
            "capacity",
            "7"),
        Wrong.incomplete("growing without a capacity", out -> KeyValueCache.builder(2, 4).growing().build(), "capacity"),
        Wrong.isNull("scales", out -> KeyValueCache.builder(2, 4).keyChannels(Wrong.nothing())),
        Wrong.isNull("scales", out -> KeyValuePool.builder(2, 4).keyChannels(Wrong.nothing())),
        Wrong.argument(
            "too small a channel",
            out -> KeyValueCache.builder(1, 1).format(KeyValueFormat.INT8).keyChannels(new float[] {1e-40f}).capacity(1).build(),
            "keyChannels[0]",
            "1.0E-40",
            "1.1754944E-38"),
        Wrong.isNull("key", out -> KeyValueCache.channelScales(Wrong.nothing())),
        Wrong.argument(
            "an infinite channel",
            out -> KeyValueCache.channelScales(Heads.of(new float[] {1, Float.NEGATIVE_INFINITY}, 1, 1, 1, 2)),
            "Infinity",
            "finite"));
  }

  static List<Wrong> calls() {
    return List.of(
        Wrong.isNull("caches", out -> KeyValueCache.appendAll(Wrong.nothing(), ROW, ROW)),
        Wrong.isNull("key", out -> KeyValueCache.appendAll(List.of(), Wrong.nothing(), ROW)),
        Wrong.isNull("value", out -> KeyValueCache.appendAll(List.of(), ROW, Wrong.nothing())),
        Wrong.argument("rows for nobody", out -> KeyValueCache.appendAll(List.of(), TWO, TWO), "key.batch", "2", "caches", "0"),
        Wrong.argument(
            "value for nobody",
            out -> KeyValueCache.appendAll(List.of(), Heads.zeros(0, 2, 1, 4), TWO),
            "value.batch",
            "2",
            "key.batch",
            "0"),
        Wrong.argument("values of another batch", out -> KeyValueCache.appendAll(List.of(cache()), ROW, TWO), "value.batch", "2", "1"),
        Wrong.incomplete("a pool of one page", out -> appendMany(), "134217728", "1"));
  }

  private static KeyValueCache cache() {
    return KeyValueCache.builder(2, 4).capacity(7).build();
  }

  /** 2³¹ − 1 rows would need half a gigabyte for the references to their pages, which must not be allocated before the pool is asked. */
  private static void appendMany() {
    Heads many = new Heads(new float[1], 0, 1, 1, MAX, 1, 0, 0, 0, 0);
    try (KeyValuePool pool = KeyValuePool.builder(1, 1).pages(1).build();
        KeyValueCache cache = pool.newCache()) {
      long before = allocated();
      try {
        cache.append(many, many);
      } finally {
        assertThat(allocated() - before).isLessThan(1 << 24);
        assertThat(cache.rows()).isZero();
      }
    }
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  @Test
  void theLargestCapacity() {
    KeyValueCache cache = KeyValueCache.builder(2, 4).capacity(MAX).build();
    assertThat(cache.capacity()).isEqualTo(MAX);
    CachedRows.append(cache, 20, 0);
    assertThat(cache.capacity()).isEqualTo(MAX);
    assertThat(cache.fork().capacity()).isEqualTo(MAX);
    try (KeyValuePool pool = KeyValuePool.builder(2, 4).pages(MAX).build();
        KeyValueCache pooled = pool.newCache();
        KeyValueCache windowed = pool.newCache(MAX, MAX)) {
      CachedRows.append(pooled, 20, 0);
      CachedRows.append(windowed, 20, 0);
      assertThat(pooled.capacity()).isEqualTo(MAX);
      assertThat(windowed.capacity()).isEqualTo(MAX);
      assertThat(windowed.statistics().storedRows()).isEqualTo(20);
      assertThat(pool.statistics().pages()).isEqualTo(MAX);
    }
    assertThat(KeyValueCache.builder(2, 4).window(MAX, 0).build().capacity()).isEqualTo(MAX);
  }

  /** For a growing cache and its forks, the capacity is the number of rows that fit in the reserved memory. */
  @Test
  void aForkOfAGrowingCacheGrows() {
    KeyValueCache cache = KeyValueCache.builder(2, 4).capacity(33).growing().build();
    assertThat(cache.capacity()).isEqualTo(48);
    CachedRows.append(cache, 49, 0);
    KeyValueCache fork = cache.fork();
    int capacity = fork.capacity();
    assertThat(capacity).isGreaterThanOrEqualTo(49);
    CachedRows.append(fork, capacity - 48, 49);
    assertThat(fork.capacity()).isGreaterThan(capacity);
  }

  /** Every way to exceed the end, or to go below 0, in every kind of cache. */
  @Test
  void truncateBeyondTheEndIsRefused() {
    try (KeyValuePool pool = KeyValuePool.builder(2, 4).pages(9).build();
        KeyValueCache pooled = pool.newCache();
        KeyValueCache pooledWindow = pool.newCache(8, 1)) {
      List<KeyValueCache> caches =
          List.of(
              KeyValueCache.builder(2, 4).capacity(40).build(),
              KeyValueCache.builder(2, 4).capacity(1).growing().build(),
              KeyValueCache.builder(2, 4).window(8, 1).build(),
              pooled,
              pooledWindow);
      for (KeyValueCache cache : caches) {
        for (int rows : new int[] {0, 1, 16, 33}) {
          cache.reset();
          CachedRows.append(cache, rows, 0);
          for (int beyond : new int[] {rows + 1, rows + 100, MAX, -1, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> cache.truncate(beyond))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rows is " + beyond + ", must be in 0.." + rows);
          }
          assertThat(cache.rows()).isEqualTo(rows);
          cache.truncate(rows);
          assertThat(cache.rows()).isEqualTo(rows);
        }
      }
    }
  }

  @Test
  void statisticsCountWhatTheySay() {
    try (KeyValuePool pool = KeyValuePool.builder(2, 4).valueDim(3).format(KeyValueFormat.INT8).pages(9).build();
        KeyValueCache cache = pool.newCache()) {
      assertThat(pool.statistics()).isEqualTo(new KeyValuePool.Statistics(1, 9, 0, 0, 0, 0));
      cache.append(Heads.zeros(1, 2, 20, 4), Heads.zeros(1, 2, 20, 3));
      long row = 2 * (4 + 3 + 2L * Float.BYTES);
      KeyValueCache.Statistics statistics = cache.statistics();
      long page = statistics.bytesReserved() / 2;
      assertThat(page).isGreaterThanOrEqualTo(16 * row);
      assertThat(statistics).isEqualTo(new KeyValueCache.Statistics(20, 20, 2, 0, 20 * row, 2 * page));
      try (KeyValueCache fork = cache.fork()) {
        assertThat(fork.statistics()).isEqualTo(new KeyValueCache.Statistics(20, 20, 2, 2, 20 * row, 2 * page));
        assertThat(pool.statistics().caches()).isEqualTo(2);
        assertThat(pool.statistics().sharedPages()).isEqualTo(2);
      }
      cache.reset();
      assertThat(cache.statistics()).isEqualTo(new KeyValueCache.Statistics(0, 0, 0, 0, 0, 0));
      assertThat(pool.statistics()).isEqualTo(new KeyValuePool.Statistics(1, 9, 0, 0, 0, pool.statistics().bytesReserved()));
    }
  }

  /** A number too small to be normal counts as zero: the channel gets the largest scale of the head, or 1. */
  @Test
  void channelScalesArePositive() {
    float[] key = {0, -3, 1e-40f, 0, 0, 1e-39f};
    assertThat(KeyValueCache.channelScales(Heads.ofRows(key, 1, 1, 2, 3))).containsExactly(3, 3, 3, 1, 1, 1);
    assertThat(KeyValueCache.channelScales(Heads.zeros(0, 1, 5, 2))).containsExactly(1, 1);
  }
}
