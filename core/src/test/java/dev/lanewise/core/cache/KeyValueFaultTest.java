package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.page.CacheLock;
import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.core.testing.Wrong;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.cache.KeyValueMemory;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.KeyValueFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The refusals of a cache and their messages; a refused call changes nothing. */
@Tag("once")
class KeyValueFaultTest {
  private static final Heads ROW = Heads.zeros(1, 2, 1, 4);

  private static KeyValueCache cache(int capacity) {
    return KeyValueCache.builder(2, 4).capacity(capacity).build();
  }

  private static KeyValuePool pool(int pages) {
    return KeyValuePool.builder(2, 4).pages(pages).build();
  }

  /** A call that a cache of 20 rows, with a capacity of 25, refuses. */
  static Stream<Wrong> wrongArguments() {
    return Stream.of(
        argument("two batch entries", cache -> cache.append(Heads.zeros(2, 2, 1, 4), ROW), "key.batch", "2", "caches", "1"),
        argument("heads of key", cache -> cache.append(Heads.zeros(1, 3, 1, 4), ROW), "key.heads", "3", "keyValueHeads", "2"),
        argument("width of key", cache -> cache.append(Heads.zeros(1, 2, 1, 5), ROW), "key.width", "5", "headDim", "4"),
        argument("batch of value", cache -> cache.append(ROW, Heads.zeros(3, 2, 1, 4)), "value.batch", "3", "key.batch", "1"),
        argument("heads of value", cache -> cache.append(ROW, Heads.zeros(1, 1, 1, 4)), "value.heads", "1", "keyValueHeads", "2"),
        argument("width of value", cache -> cache.append(ROW, Heads.zeros(1, 2, 1, 7)), "value.width", "7", "valueDim", "4"),
        argument("rows of value", cache -> cache.append(ROW, Heads.zeros(1, 2, 6, 4)), "value.rows", "6", "key.rows", "1"),
        argument("batch of all", cache -> KeyValueCache.appendAll(List.of(cache), Heads.zeros(2, 2, 1, 4), ROW), "key.batch", "2", "1"),
        argument(
            "one cache twice",
            cache -> KeyValueCache.appendAll(List.of(cache, cache), Heads.zeros(2, 2, 1, 4), Heads.zeros(2, 2, 1, 4)),
            "caches[1]",
            "caches[0]",
            "again"),
        argument("truncate below 0", cache -> cache.truncate(-1), "rows", "-1", "0", "20"),
        argument("truncate above", cache -> cache.truncate(21), "rows", "21", "0", "20"),
        incomplete("full", cache -> cache.append(Heads.zeros(1, 2, 6, 4), Heads.zeros(1, 2, 6, 4)), "full", "26", "25"),
        isNull("key", cache -> cache.append(Wrong.nothing(), ROW)),
        isNull("value", cache -> cache.append(ROW, Wrong.nothing())),
        isNull("caches", cache -> KeyValueCache.appendAll(Arrays.asList(cache, null), Heads.zeros(2, 2, 1, 4), Heads.zeros(2, 2, 1, 4))));
  }

  private static Wrong argument(String call, Consumer<KeyValueCache> action, String... words) {
    return Wrong.argument(call, written -> unchanged(action), words);
  }

  private static Wrong incomplete(String call, Consumer<KeyValueCache> action, String... words) {
    return Wrong.incomplete(call, written -> unchanged(action), words);
  }

  private static Wrong isNull(String argument, Consumer<KeyValueCache> action) {
    return Wrong.isNull(argument, written -> unchanged(action));
  }

  /** Runs the action; the cache keeps its rows, and accepts more. */
  private static void unchanged(Consumer<KeyValueCache> action) {
    KeyValueCache cache = cache(25);
    CachedRows.append(cache, 20, 0);
    KeyValueCache.Statistics before = cache.statistics();
    try {
      action.accept(cache);
    } finally {
      assertThat(cache.statistics()).isEqualTo(before);
      CachedRows.append(cache, 5, 20);
      for (int row = 0; row < 25; row++) {
        assertThat(CachedRows.key(cache, row)).isEqualTo(row);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("wrongArguments")
  void wrongCallsChangeNothing(Wrong wrong) {
    wrong.verify();
  }

  @Test
  void exhaustedPoolSaysHowManyPagesAreFree() {
    try (KeyValuePool pool = pool(4);
        KeyValueCache cache = pool.newCache();
        KeyValueCache other = pool.newCache()) {
      CachedRows.append(cache, 33, 0);
      KeyValuePool.Statistics before = pool.statistics();
      assertThatThrownBy(() -> CachedRows.append(other, 17, 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("2 more")
          .hasMessageContaining("1 of 4");
      assertThat(pool.statistics()).isEqualTo(before);
      assertThat(other.rows()).isZero();
      CachedRows.append(other, 16, 0);
      assertThat(pool.statistics().usedPages()).isEqualTo(4);
      cache.truncate(32);
      CachedRows.append(other, 1, 16);
      assertThat(CachedRows.key(other, 16)).isEqualTo(16);
    }
  }

  @Test
  void copyOnWriteNeedsAPage() {
    try (KeyValuePool pool = pool(1);
        KeyValueCache cache = pool.newCache()) {
      CachedRows.append(cache, 3, 0);
      try (KeyValueCache fork = cache.fork()) {
        assertThatThrownBy(() -> CachedRows.append(fork, 1, 3)).isInstanceOf(IllegalStateException.class).hasMessageContaining("exhausted");
        assertThat(fork.rows()).isEqualTo(3);
        assertThat(pool.statistics().sharedPages()).isEqualTo(1);
      }
      CachedRows.append(cache, 1, 3);
      assertThat(CachedRows.key(cache, 3)).isEqualTo(3);
    }
  }

  @Test
  void aBatchIsAppendedToAllOrNone() {
    try (KeyValuePool pool = pool(3);
        KeyValueCache first = pool.newCache()) {
      KeyValueCache second = pool.newCache();
      CachedRows.append(first, 16, 0);
      CachedRows.append(second, 16, 0);
      Heads step = Heads.zeros(2, 2, 1, 4);
      assertThatThrownBy(() -> KeyValueCache.appendAll(List.of(first, second), step, step))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("0 of 3");
      assertThat(first.rows()).isEqualTo(16);
      assertThat(second.rows()).isEqualTo(16);
      assertThat(pool.statistics().usedPages()).isEqualTo(2);
      second.close();
      assertThatThrownBy(() -> KeyValueCache.appendAll(List.of(first, second), step, step))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
      CachedRows.append(first, 1, 16); // the first page is no longer referenced
      assertThat(first.rows()).isEqualTo(17);
    }
  }

  @Test
  void forkOutlivesItsParent() {
    try (KeyValuePool pool = pool(8)) {
      KeyValueCache pooled = pool.newCache();
      for (KeyValueCache parent : List.of(pooled, cache(40), KeyValueCache.builder(2, 4).capacity(40).offHeap().build())) {
        CachedRows.append(parent, 20, 0);
        KeyValueCache fork = parent.fork();
        CachedRows.append(parent, 1, 100);
        parent.close();
        for (int row = 0; row < 20; row++) {
          assertThat(CachedRows.key(fork, row)).isEqualTo(row);
          assertThat(CachedRows.value(fork, row)).isEqualTo(-row);
        }
        CachedRows.append(fork, 1, 20);
        assertThat(CachedRows.key(fork, 20)).isEqualTo(20);
        fork.close();
      }
      assertThat(pool.statistics().usedPages()).isZero();
    }
  }

  @Test
  void afterCloseEverythingIsRefused() {
    for (KeyValueCache cache : List.of(cache(20), pool(1).newCache(), KeyValueCache.builder(2, 4).window(8, 1).offHeap().build())) {
      CachedRows.append(cache, 3, 0);
      cache.close();
      cache.close();
      List<Runnable> calls = new ArrayList<>();
      calls.add(() -> CachedRows.append(cache, 1, 0));
      calls.add(() -> KeyValueCache.appendAll(List.of(cache), ROW, ROW));
      calls.add(() -> cache.truncate(0));
      calls.add(cache::reset);
      calls.add(cache::fork);
      calls.add(cache::rows);
      calls.add(cache::capacity);
      calls.add(cache::statistics);
      calls.add(cache::acquireShared);
      for (Runnable call : calls) {
        assertThatThrownBy(call::run).isExactlyInstanceOf(IllegalStateException.class).hasMessage("the cache is closed");
      }
    }
  }

  @Test
  void poolClosesAfterItsCaches() {
    KeyValuePool pool = KeyValuePool.builder(2, 4).pages(4).offHeap().build();
    KeyValueCache cache = pool.newCache();
    KeyValueCache fork = cache.fork();
    cache.close();
    assertThatThrownBy(pool::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("1");
    CachedRows.append(fork, 1, 7);
    assertThat(CachedRows.key(fork, 0)).isEqualTo(7);
    fork.close();
    pool.close();
    pool.close();
    assertThatThrownBy(pool::newCache).isInstanceOf(IllegalStateException.class).hasMessage("the pool is closed");
    assertThatThrownBy(pool::statistics).isInstanceOf(IllegalStateException.class).hasMessage("the pool is closed");
  }

  @Test
  void memoryOutsideOfTheHeapIsFreedByClose() {
    KeyValueCache cache = KeyValueCache.builder(2, 4).capacity(20).offHeap().build();
    CachedRows.append(cache, 1, 7);
    CachedSequence rows = cache.acquireShared();
    KeyValueMemory memory = rows.memory(0);
    assertThatThrownBy(cache::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("in use");
    assertThat(CachedRows.key(memory, 0, 0, 0, 0)).isEqualTo(7);
    cache.releaseShared();
    cache.close();
    assertThatThrownBy(() -> CachedRows.key(memory, 0, 0, 0, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readersExcludeWriters() {
    KeyValueCache cache = cache(20);
    CachedRows.append(cache, 3, 0);
    cache.acquireShared();
    cache.acquireShared();
    for (Runnable call : List.<Runnable>of(() -> CachedRows.append(cache, 1, 3), () -> cache.truncate(1), cache::reset, cache::close)) {
      assertThatThrownBy(call::run).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("2 calls read it");
    }
    assertThat(cache.rows()).isEqualTo(3);
    cache.fork().close();
    cache.releaseShared();
    assertThatThrownBy(() -> cache.truncate(1)).isInstanceOf(IllegalStateException.class);
    cache.releaseShared();
    cache.truncate(1);
    assertThat(cache.rows()).isEqualTo(1);
  }

  @Test
  void aWriterExcludesAllOthers() {
    CacheLock lock = new CacheLock();
    lock.acquireExclusive();
    for (Runnable call : List.<Runnable>of(lock::acquireExclusive, lock::acquireShared, lock::acquireToClose)) {
      assertThatThrownBy(call::run).isExactlyInstanceOf(IllegalStateException.class).hasMessageContaining("another call changes it");
    }
    lock.releaseExclusive();
    assertThatNoException().isThrownBy(lock::acquireShared);
  }

  @Test
  void droppedRowsDoNotComeBack() {
    KeyValueCache cache = KeyValueCache.builder(2, 4).window(10, 3).build();
    for (int row = 0; row < 100; row++) {
      CachedRows.append(cache, 1, row);
    }
    CachedSequence rows = cache.acquireShared();
    assertThat(rows.droppedFrom()).isEqualTo(16); // the block of the sinks stays
    assertThat(rows.droppedTo()).isEqualTo(80); // the query of row 98, the previous last row, sees rows 89 to 98
    cache.releaseShared();
    assertThatThrownBy(() -> cache.truncate(89))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("89")
        .hasMessageContaining("80");
    assertThatThrownBy(() -> cache.truncate(17)).isInstanceOf(IllegalArgumentException.class);
    assertThat(cache.rows()).isEqualTo(100);
    cache.truncate(90);
    cache.truncate(16);
    assertThat(cache.statistics().storedRows()).isEqualTo(16);
    CachedRows.append(cache, 20, 16);
    assertThat(CachedRows.key(cache, 35)).isEqualTo(35);
  }

  /** Settings of a cache or pool that make no sense. */
  static Stream<Wrong> wrongDescriptions() {
    return Stream.of(
        Wrong.argument("no heads", written -> KeyValueCache.builder(0, 4), "keyValueHeads", "0", "1"),
        Wrong.argument("no headDim", written -> KeyValuePool.builder(2, 0), "headDim", "0", "1"),
        Wrong.argument("no valueDim", written -> KeyValueCache.builder(2, 4).valueDim(0), "valueDim", "0", "1"),
        Wrong.argument("capacity 0", written -> KeyValueCache.builder(2, 4).capacity(0), "capacity", "0", "1"),
        Wrong.argument("window 0", written -> KeyValueCache.builder(2, 4).window(0, 1), "window", "0", "1"),
        Wrong.argument("sinks below 0", written -> pool(1).newCache(5, -1), "sinks", "-1", "0"),
        Wrong.argument("both", written -> KeyValueCache.builder(2, 4).window(5, 1).capacity(7).build(), "window", "5", "capacity", "7"),
        Wrong.argument("part of a block", written -> KeyValuePool.builder(2, 4).pageRows(24), "pageRows", "24", "16"),
        Wrong.argument("no pages", written -> KeyValuePool.builder(2, 4).pages(0), "pages", "0", "1"),
        Wrong.argument(
            "a page too large", written -> KeyValuePool.builder(64, 1024).pageRows(1 << 20).pages(1).build(), "pageRows", "1048576"),
        Wrong.argument("channels", written -> KeyValueCache.builder(2, 4).keyChannels(new float[7]), "keyChannels.length", "7", "8"),
        Wrong.argument(
            "channels of F32",
            written -> KeyValueCache.builder(2, 4).keyChannels(ones()).capacity(1).build(),
            "keyChannels",
            "F32",
            "INT8"),
        Wrong.argument(
            "a channel of 0",
            written -> KeyValueCache.builder(2, 4).format(KeyValueFormat.INT8).keyChannels(new float[8]).capacity(1).build(),
            "keyChannels[0]",
            "0.0",
            "1.1754944E-38"),
        Wrong.argument("NaN", written -> KeyValueCache.channelScales(Heads.of(new float[] {1, Float.NaN}, 1, 1, 1, 2)), "NaN", "[0", "1]"),
        Wrong.incomplete("no capacity", written -> KeyValueCache.builder(2, 4).build(), "capacity"),
        Wrong.incomplete("no number of pages", written -> KeyValuePool.builder(2, 4).build(), "pages"),
        Wrong.isNull("format", written -> KeyValueCache.builder(2, 4).format(Wrong.nothing())));
  }

  private static float[] ones() {
    float[] ones = new float[8];
    Arrays.fill(ones, 1);
    return ones;
  }

  @ParameterizedTest
  @MethodSource("wrongDescriptions")
  void wrongDescriptionsAreRefused(Wrong wrong) {
    wrong.verify();
  }
}
