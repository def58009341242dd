package dev.lanewise.core.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RotaryTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several threads that use one cache are refused or served, and rows are never mixed; threads with their own caches share a pool. */
@Tag("once")
class KeyValueThreadsTest {
  private static final int HEADS = 2;
  private static final int WIDTH = 48;

  private static <T> List<T> runAll(List<Callable<T>> calls) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(calls.size())) {
      CountDownLatch start = new CountDownLatch(calls.size());
      List<Future<T>> futures = new ArrayList<>();
      for (Callable<T> call : calls) {
        futures.add(
            threads.submit(
                () -> {
                  start.countDown();
                  start.await();
                  return call.call();
                }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    }
  }

  /**
   * Two threads append until both have succeeded often, and some calls are refused: every row comes from one of them, and none is missing.
   */
  @Test
  void twoThreadsAppendToOneCache() throws Exception {
    try (KeyValuePool pool = KeyValuePool.builder(HEADS, WIDTH).pages(2000).build();
        KeyValueCache cache = pool.newCache()) {
      AtomicInteger refused = new AtomicInteger();
      List<Callable<Integer>> calls = new ArrayList<>();
      for (int thread = 1; thread <= 2; thread++) {
        int first = thread * 100_000;
        calls.add(() -> appendMany(cache, first, refused));
      }
      int appended = runAll(calls).stream().mapToInt(Integer::intValue).sum();
      assertThat(cache.rows()).isEqualTo(appended);
      assertThat(pool.statistics().usedPages()).isEqualTo(Math.ceilDiv(appended, 16));
      float[] next = {0, 100_000, 200_000};
      for (int row = 0; row < appended; row++) {
        float x = CachedRows.key(cache, row);
        int thread = (int) x / 100_000;
        assertThat(x).as("row " + row).isEqualTo(next[thread]++);
        assertWhole(cache, row, x);
      }
    }
  }

  private static int appendMany(KeyValueCache cache, int first, AtomicInteger refused) {
    int appended = 0;
    while (appended < 3000) {
      try {
        CachedRows.append(cache, 3, first + appended);
        appended += 3;
      } catch (IllegalStateException e) {
        assertThat(e).hasMessageContaining("in use");
        refused.incrementAndGet();
      }
    }
    return appended;
  }

  private static void assertWhole(KeyValueCache cache, int row, float x) {
    for (int head = 0; head < HEADS; head++) {
      for (int d = 0; d < WIDTH; d++) {
        if (CachedRows.read(cache, row, true, head, d) != x || CachedRows.read(cache, row, false, head, d) != -x) {
          throw new AssertionError("row " + row + " of " + x + " holds " + CachedRows.read(cache, row, true, head, d));
        }
      }
    }
  }

  /** Four threads with forks of one prompt append, fork, truncate and close. No other thread has their pages, and no page is lost. */
  @Test
  void threadsWithCachesOfTheirOwnShareAPool() throws Exception {
    try (KeyValuePool pool = KeyValuePool.builder(HEADS, WIDTH).pages(120).build();
        KeyValueCache prompt = pool.newCache()) {
      CachedRows.append(prompt, 37, 0);
      List<Callable<Integer>> calls = new ArrayList<>();
      for (int thread = 1; thread <= 4; thread++) {
        int number = thread;
        calls.add(() -> use(prompt, number));
      }
      assertThat(runAll(calls)).allMatch(operations -> operations == 3000);
      assertThat(prompt.statistics().sharedPages()).isZero();
      assertThat(pool.statistics().usedPages()).isEqualTo(3);
      assertThat(pool.statistics().caches()).isEqualTo(1);
      for (int row = 0; row < 37; row++) {
        assertWhole(prompt, row, row);
      }
    }
  }

  /** Works on forks of the prompt, and returns the number of operations. */
  private static int use(KeyValueCache prompt, int thread) {
    Random random = new Random(Problem.SEED + thread);
    KeyValueCache cache = prompt.fork();
    int operations = 0;
    for (; operations < 3000; operations++) {
      int rows = cache.rows();
      switch (random.nextInt(8)) {
        case 0 -> cache.truncate(rows - random.nextInt(Math.min(rows, 10)));
        case 1 -> {
          KeyValueCache fork = (random.nextInt(10) == 0 ? prompt : cache).fork();
          cache.close();
          cache = fork;
        }
        default -> append(cache, 1 + random.nextInt(6), thread * 10_000 + rows);
      }
      if (operations % 50 == 0) {
        check(cache, thread);
      }
    }
    cache.close();
    return operations;
  }

  /** The same with rows that are kept, moved and removed, so that rows come from the prompt or from one thread, in any order. */
  @Test
  void threadsMoveRowsOfSharedPages() throws Exception {
    RotaryTable rotary = RotaryTable.of(RotaryTable.Form.HALF, new double[] {0}, 1); // rotates by no angle
    try (KeyValuePool pool = KeyValuePool.builder(HEADS, WIDTH).pages(60).build();
        KeyValueCache prompt = pool.newCache()) {
      CachedRows.append(prompt, 37, 0);
      List<Callable<Integer>> calls = new ArrayList<>();
      for (int thread = 1; thread <= 4; thread++) {
        int number = thread;
        calls.add(() -> move(prompt, number, rotary));
      }
      assertThat(runAll(calls)).allMatch(operations -> operations == 3000);
      assertThat(prompt.statistics().sharedPages()).isZero();
      assertThat(pool.statistics().usedPages()).isEqualTo(3);
      for (int row = 0; row < 37; row++) {
        assertWhole(prompt, row, row);
      }
    }
  }

  private static int move(KeyValueCache prompt, int thread, RotaryTable rotary) {
    Random random = new Random(Problem.SEED + thread);
    KeyValueCache cache = prompt.fork();
    int operations = 0;
    for (; operations < 3000; operations++) {
      int rows = cache.rows();
      int from = random.nextInt(rows + 1);
      try {
        switch (random.nextInt(6)) {
          case 0 -> cache.keep(from, IntStream.range(from, rows).map(row -> from + rows - 1 - row).filter(row -> row % 3 > 0).toArray());
          case 1 -> cache.remove(from, from + random.nextInt(rows - from + 1));
          case 2 -> cache.remove(from, from + random.nextInt(rows - from + 1), rotary);
          case 3 -> {
            KeyValueCache fork = (random.nextBoolean() ? prompt : cache).fork();
            cache.close();
            cache = fork;
          }
          default -> CachedRows.append(cache, 1 + random.nextInt(6), thread * 10_000 + operations);
        }
      } catch (IllegalStateException e) {
        assertThat(e).hasMessageContaining("exhausted");
        cache.truncate(Math.min(rows, 10));
      }
      for (int row = 0; operations % 20 == 0 && row < cache.rows(); row++) {
        float x = CachedRows.key(cache, row);
        assertThat(x < 37 || (int) x / 10_000 == thread).as("row " + row + " is " + x).isTrue();
        assertWhole(cache, row, x);
      }
    }
    cache.close();
    return operations;
  }

  private static void append(KeyValueCache cache, int rows, int first) {
    try {
      CachedRows.append(cache, rows, first);
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("exhausted");
      cache.truncate(10);
    }
  }

  private static void check(KeyValueCache cache, int thread) {
    for (int row = 0; row < cache.rows(); row++) {
      float x = CachedRows.key(cache, row);
      assertThat(x).isIn((float) row, (float) (thread * 10_000 + row));
      assertWhole(cache, row, x);
    }
  }

  /** A reader on another thread excludes a writer until it ends. */
  @Test
  void readersOnOtherThreadsExcludeWriters() throws Exception {
    KeyValueCache cache = KeyValueCache.builder(HEADS, WIDTH).capacity(64).build();
    CachedRows.append(cache, 3, 0);
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      other.submit(cache::acquireShared).get();
      Heads row = Heads.zeros(1, HEADS, 1, WIDTH);
      try {
        cache.append(row, row);
        throw new AssertionError("appended while another thread reads");
      } catch (IllegalStateException e) {
        assertThat(e).hasMessageContaining("in use");
      }
      other.submit(cache::releaseShared).get();
      cache.append(row, row);
      assertThat(cache.rows()).isEqualTo(4);
    }
  }
}
