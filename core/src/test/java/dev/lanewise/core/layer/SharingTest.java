package dev.lanewise.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.core.Attention;
import dev.lanewise.core.SequenceBatch;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Admission;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One object of each kind, shared by very many threads, gives the same bits as on one thread. */
@Tag("twice")
@Timeout(600) // against hanging
class SharingTest {
  private static final int ROWS = 70;
  private static final int WIDTH = 64;

  private final SequenceBatch x = Views.randomSequences(Layout.DENSE, 1, ROWS, WIDTH, Problem.SEED);

  /** Calls that need only shared objects; each creates its own output. */
  private List<Supplier<float[]>> calls(int threads, List<KeyValueCache> caches) {
    TransformerLayer encoder =
        new LayerParts(LayerShape.of(WIDTH, 4), 96, Activation.GELU, false, false, Norm.Placement.POST).encoderLayer().withThreads(threads);
    Problem problem = Problem.of(ROWS, ROWS).heads(4, 2).mask(Mask.causal());
    Attention attention = problem.attention().withThreads(threads);
    Heads query = problem.query();
    Heads key = problem.key();
    Heads value = problem.value();
    Heads row = Problem.of(1, 1).heads(4, 2).query();
    Attention decoding = Attention.standard().withThreads(threads);
    return List.of(
        () -> {
          SequenceBatch output = SequenceBatch.zeros(1, ROWS, WIDTH);
          encoder.forward(x, output);
          return output.data();
        },
        () -> {
          Heads output = problem.emptyOutput();
          attention.compute(query, key, value, output);
          return output.data();
        },
        () -> {
          Heads output = Heads.zeros(1, 4, 1, 16);
          decoding.compute(row, caches, output);
          return output.data();
        });
  }

  private static KeyValueCache cache() {
    KeyValueCache cache = KeyValueCache.builder(2, 16).capacity(3000).offHeap().build();
    Problem rows = Problem.of(1, 3000).heads(2, 2);
    cache.append(rows.key(), rows.value());
    return cache;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void platformThreads(int threads) throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(64)) {
      run(pool, 64, 3, threads);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void virtualThreads(int threads) throws Exception {
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      run(pool, 1000, 1, threads);
    }
  }

  /** All callers start together, each with another call, and each makes {@code each} calls. */
  private void run(ExecutorService pool, int callers, int each, int threads) throws Exception {
    try (KeyValueCache cache = cache()) {
      List<float[]> expected = calls(1, List.of(cache)).stream().map(Supplier::get).toList();
      List<Supplier<float[]>> calls = calls(threads, List.of(cache));
      CountDownLatch start = new CountDownLatch(callers);
      List<Future<?>> results = new ArrayList<>();
      for (int caller = 0; caller < callers; caller++) {
        int first = caller;
        Callable<Void> all =
            () -> {
              start.countDown();
              start.await();
              for (int i = 0; i < each; i++) {
                int which = (first + i) % calls.size();
                Views.assertSameBits(calls.get(which).get(), expected.get(which), "call " + which + " of caller " + first);
              }
              return null;
            };
        results.add(pool.submit(all));
      }
      for (Future<?> result : results) {
        result.get();
      }
    }
  }

  /**
   * A thousand callers of a layer with large buffers, and a function that blocks in each call. The number of calls at work is limited by
   * the machine, and so is the number of buffers.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void memoryIsBoundedWhateverTheCallers(int threads) throws Exception {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    ThreadLocal<Boolean> entered = new ThreadLocal<>();
    Attention scoring =
        Attention.standard()
            .withThreads(threads)
            .withScoreFunction(
                (row, offset, length, b, head, query, firstKey) -> {
                  if (head == 0 && query == 0 && entered.get() == null) {
                    entered.set(true);
                    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    pause();
                    inside.decrementAndGet();
                  }
                });
    MultiHeadAttention layer = LayerShape.of(WIDTH, 4).layer().withThreads(threads).withAttention(ignored -> scoring);
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> results = new ArrayList<>();
      for (int caller = 0; caller < 300; caller++) {
        results.add(pool.submit(() -> layer.forward(x, SequenceBatch.zeros(1, ROWS, WIDTH))));
      }
      for (Future<?> result : results) {
        result.get();
      }
    }
    assertThat(most.get()).isBetween(2, Admission.MOST);
  }

  /** Calls whose functions wait for calls of other threads: there are more of them than the limit, and all of them end. */
  @Test
  void callsThatWaitForOthersEnd() throws Exception {
    int callers = Admission.MOST;
    CountDownLatch allInside = new CountDownLatch(callers);
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      Attention waiting =
          Attention.standard()
              .withScoreFunction(
                  (row, offset, length, b, head, query, firstKey) -> {
                    allInside.countDown();
                    try {
                      allInside.await(); // the limit is reached now
                      pool.submit(() -> Problem.of(3, 3).compute(Attention.standard())).get(); // this call exceeds the limit
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                  });
      List<Future<?>> results = new ArrayList<>();
      for (int caller = 0; caller < callers; caller++) {
        results.add(pool.submit(() -> Problem.of(1, 1).compute(waiting)));
      }
      for (Future<?> result : results) {
        result.get();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(2);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
