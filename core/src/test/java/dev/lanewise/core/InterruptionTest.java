package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.core.cache.KeyValuePool;
import dev.lanewise.core.layer.Linear;
import dev.lanewise.core.layer.MultiHeadAttention;
import dev.lanewise.core.layer.Norm;
import dev.lanewise.core.layer.TransformerLayer;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.pooling.Pooling;
import dev.lanewise.core.testing.CachedRows;
import dev.lanewise.core.testing.LayerParts;
import dev.lanewise.core.testing.LayerShape;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.core.testing.Views.Layout;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.RotaryTable;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.testing.TestedKernels;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An interrupted call soon throws, keeps the interrupt status, and writes nothing afterwards. The command {@code soak} measures the time
 * until it throws; this test counts work.
 */
@Tag("twice")
@Timeout(600) // against hanging
class InterruptionTest {
  private static final int WIDTH = 32;

  @AfterEach
  void clear() {
    Thread.interrupted();
  }

  private static void assertCancelled(Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(CancellationException.class).hasMessage("the call was interrupted");
    assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
  }

  /** After an interrupt at any point of a call, each thread completes only its current step. */
  @ParameterizedTest
  @CsvSource({"false,1", "false,3", "true,1", "true,3"})
  void attentionStopsWithinATile(boolean scalar, int threads) throws Exception {
    Problem problem = Problem.of(1000, 900).heads(2, 1);
    Thread caller = Thread.currentThread();
    for (int segment : new int[] {1, 7, 200}) {
      AtomicInteger rows = new AtomicInteger();
      RowFunction interrupts =
          (row, offset, length, b, head, query, firstKey) -> {
            int number = rows.incrementAndGet();
            if (number == segment) {
              caller.interrupt();
            } else if (number > segment) {
              LockSupport.parkNanos(10_000_000); // not on interrupted threads
            }
          };
      Attention attention = problem.attention().withThreads(threads).withScoreFunction(interrupts);
      Heads output = problem.emptyOutput();
      Heads query = problem.query();
      Heads key = problem.key();
      Heads value = problem.value();
      Attention chosen = scalar ? attention.withKernels(Kernels.scalar()) : attention;
      assertCancelled(() -> chosen.compute(query, key, value, output));
      float[] then = output.data().clone();
      // the current step: a tile of 64 rows has four steps for each thread, a tile of 2000 rows has 15; scalar, one row of 2000
      assertThat(rows.get()).isBetween(segment, segment + threads * 64 * 4);
      Thread.sleep(20);
      Views.assertSameBits(output.data(), then, "nothing is written after the exception");
    }
    Views.assertSameBits(
        problem.compute(problem.attention().withThreads(threads)), problem.compute(problem.attention()), "the next call is whole");
  }

  /** Each kind of call, on a thread that is already interrupted. */
  static Stream<Map.Entry<String, Runnable>> calls() {
    Map<String, Runnable> calls = new LinkedHashMap<>();
    for (int threads = 1; threads <= 2; threads++) {
      String on = " on " + threads;
      int threadCount = threads;
      SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 100, WIDTH, Problem.SEED);
      SequenceBatch y = SequenceBatch.zeros(2, 100, WIDTH);
      LayerParts parts = new LayerParts(LayerShape.of(WIDTH, 4), 48, Activation.GELU, true, false, Norm.Placement.PRE);
      TransformerLayer encoder = parts.encoderLayer().withThreads(threadCount);
      calls.put("encoder layer" + on, () -> encoder.forward(x, y));
      TransformerLayer decoder = parts.decoderLayer().withThreads(threadCount);
      calls.put("decoder layer" + on, () -> decoder.forward(x, x, y));
      MultiHeadAttention layer = LayerShape.of(WIDTH, 4).layer().withThreads(threadCount);
      calls.put("layer" + on, () -> layer.forward(x, y));
      Heads weights = Heads.zeros(2, 4, 100, 100);
      calls.put("weights of a layer" + on, () -> layer.forward(x, x, x, Views.zerosLike(x), Results.of().withWeights(weights)));
      Norm norm = parts.norm(0);
      calls.put("norm" + on, () -> norm.withThreads(threadCount).forward(x, y));
      Linear linear = Linear.of(new float[WIDTH * WIDTH], null, WIDTH, WIDTH);
      calls.put("linear" + on, () -> linear.withThreads(threadCount).forward(x, y));
    }
    Problem problem = Problem.of(30, 30);
    calls.put("attention", () -> problem.compute(problem.attention()));
    calls.put("reference", () -> problem.reference().output());
    boolean[] all = new boolean[30 * 30];
    calls.put("mask", () -> problem.compute(problem.attention().withMask(Mask.matrix(all, 0, 0, 0, 30, 1))));
    calls.put("predicate", () -> Mask.evaluate((b, h, i, j) -> true, 1, 1, 30, 30));
    float[] one = new float[30];
    float[] other = new float[30];
    calls.put("merge", () -> Merge.into(Heads.zeros(1, 1, 30, 4), one, Heads.zeros(1, 1, 30, 4), other));
    calls.put("pooling", () -> Pooling.mean().forward(SequenceBatch.zeros(1, 30, 4), SequenceBatch.zeros(1, 1, 4)));
    for (Kernels kernels : TestedKernels.all()) {
      String on = " in " + kernels.path();
      Matrix x = Matrix.of(new float[50 * 50], 50, 50);
      Matrix y = Matrix.of(new float[50 * 50], 50, 50);
      calls.put("exp" + on, () -> kernels.exp(x, y));
      calls.put("activate" + on, () -> kernels.activate(Activation.SILU, x, y));
      calls.put("gate" + on, () -> kernels.gate(Activation.SILU, x, x, y));
      calls.put("softmax" + on, () -> kernels.softmax(x, y));
      calls.put("layer norm" + on, () -> kernels.layerNorm(x, null, null, 1, y));
      calls.put("RMS norm" + on, () -> kernels.rmsNorm(x, null, 1, y));
      calls.put("scores" + on, () -> kernels.scores(x, x, 1, y));
      calls.put("additive scores" + on, () -> kernels.additiveScores(x, x, new float[50], y));
      calls.put("output" + on, () -> kernels.output(x, x, y));
      calls.put("product" + on, () -> kernels.product(x, kernels.pack(x), null, y));
      calls.put("product of few rows" + on, () -> kernels.product(x.rows(0, 2), kernels.pack(x), null, y.rows(0, 2)));
      RotaryTable table = RotaryTable.of(RotaryTable.Form.HALF, new double[2], 1);
      calls.put("rotate" + on, () -> kernels.rotate(Heads.zeros(1, 2, 9, 4), Heads.zeros(1, 2, 9, 4), table, 0));
    }
    return calls.entrySet().stream();
  }

  @ParameterizedTest
  @MethodSource("calls")
  void nothingIsComputedByAnInterruptedThread(Map.Entry<String, Runnable> call) {
    Thread.currentThread().interrupt();
    assertCancelled(call.getValue());
    call.getValue().run();
  }

  /** Long calls without a function of the caller, interrupted by another thread as soon as the first row is written. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void longProductsStopBeforeTheirEnd(int threads) {
    int rows = 60_000;
    int inputs = 2000;
    Linear linear = Linear.of(new float[64 * inputs], null, inputs, 64);
    SequenceBatch x = new SequenceBatch(new float[inputs], 0, 1, rows, inputs, 0, 0); // one row, repeated
    SequenceBatch output = SequenceBatch.zeros(1, rows, 64);
    assertStopsBeforeItsEnd(output.data(), () -> linear.withThreads(threads).forward(x, output));
  }

  @Test
  void longElementwiseCallsStopBeforeTheirEnd() {
    Matrix x = Matrix.of(new float[1 << 25], 1 << 5, 1 << 20);
    Matrix y = Matrix.zeros(x.rows(), x.columns());
    for (Kernels kernels : TestedKernels.all()) {
      assertStopsBeforeItsEnd(y.data(), () -> kernels.activate(Activation.GELU, x, y));
    }
  }

  /**
   * Fails unless an interrupt ends the call before its last element is written. On a busy machine the thread that interrupts may get no
   * time while the call runs; then the call is made again.
   */
  private static void assertStopsBeforeItsEnd(float[] output, Runnable call) {
    for (int attempt = 0; attempt < 50; attempt++) {
      Arrays.fill(output, Views.SENTINEL);
      boolean cancelled = isInterruptedWhenWritten(output, call);
      assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
      if (cancelled && output[output.length - 1] == Views.SENTINEL) {
        return;
      }
    }
    fail("no call stopped before its end");
  }

  /** Runs the call while another thread waits for the first element to be written, and then interrupts it; whether the call throws. */
  private static boolean isInterruptedWhenWritten(float[] output, Runnable call) {
    Thread caller = Thread.currentThread();
    var elements = MethodHandles.arrayElementVarHandle(float[].class);
    Thread watcher =
        Thread.ofPlatform()
            .start(
                () -> {
                  while ((float) elements.getOpaque(output, 0) == Views.SENTINEL) {
                    Thread.onSpinWait();
                  }
                  caller.interrupt();
                });
    boolean cancelled = false;
    try {
      call.run();
    } catch (CancellationException e) {
      assertThat(e).hasMessage("the call was interrupted");
      cancelled = true;
    }
    while (watcher.isAlive()) { // joining would end with the interrupt
      Thread.onSpinWait();
    }
    return cancelled;
  }

  /** A step that is interrupted does not change its caches, whether it was appending, attending, or in the next layer. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void cachesStayAsTheyWere(int threads) {
    AtomicInteger countdown = new AtomicInteger(Integer.MAX_VALUE);
    Thread caller = Thread.currentThread();
    RowFunction interrupts =
        (row, offset, length, b, head, query, firstKey) -> {
          if (countdown.decrementAndGet() == 0) {
            caller.interrupt();
          }
        };
    MultiHeadAttention layer =
        LayerShape.of(WIDTH, 4)
            .layer()
            .withMask(Mask.causal())
            .withThreads(threads)
            .withAttention(inner -> inner.withScoreFunction(interrupts));
    SequenceBatch x = Views.randomSequences(Layout.DENSE, 2, 200, WIDTH, Problem.SEED);
    try (KeyValuePool pool = KeyValuePool.builder(4, 8).pages(64).build()) {
      for (int segment : new int[] {1, 5, 200}) {
        try (KeyValueCache one = pool.newCache();
            KeyValueCache other = pool.newCache()) {
          List<KeyValueCache> caches = List.of(one, other);
          countdown.set(Integer.MAX_VALUE);
          SequenceBatch whole = SequenceBatch.zeros(2, 200, WIDTH);
          layer.forward(x, caches, whole);
          int pages = pool.statistics().usedPages();
          countdown.set(segment);
          assertCancelled(() -> layer.forward(x, caches, SequenceBatch.zeros(2, 200, WIDTH)));
          assertThat(one.rows()).isEqualTo(200);
          assertThat(other.rows()).isEqualTo(200);
          assertThat(pool.statistics().usedPages()).isEqualTo(pages);
          caller.interrupt(); // before anything is appended
          assertCancelled(() -> KeyValueCache.appendAll(caches, Heads.zeros(2, 4, 20, 8), Heads.zeros(2, 4, 20, 8)));
          assertThat(one.rows()).isEqualTo(200);
          assertThat(other.rows()).isEqualTo(200);
          assertThat(pool.statistics().usedPages()).isEqualTo(pages);
          countdown.set(Integer.MAX_VALUE);
          one.reset();
          other.reset();
          SequenceBatch again = SequenceBatch.zeros(2, 200, WIDTH);
          layer.forward(x, caches, again);
          Views.assertSameBits(again.data(), whole.data(), "as if nothing had happened");
        }
      }
      assertThat(pool.statistics().usedPages()).isZero();
    }
  }

  /** An append that is interrupted undoes its change in all caches of the batch; if it is too late, it changes all of them. */
  @Test
  void appendsGoBack() {
    int rows = 200_000;
    Heads many = new Heads(Views.randomArray(8, 1, Problem.SEED), 0, 3, 1, rows, 8, 0, 0, 0, 1);
    try (KeyValueCache first = KeyValueCache.builder(1, 8).capacity(rows + 1).build();
        KeyValueCache second = KeyValueCache.builder(1, 8).capacity(rows + 1).build();
        KeyValueCache third = KeyValueCache.builder(1, 8).capacity(rows + 1).build()) {
      List<KeyValueCache> caches = List.of(first, second, third);
      for (KeyValueCache cache : caches) {
        CachedRows.append(cache, 1, 7);
      }
      Thread caller = Thread.currentThread();
      Thread watcher =
          Thread.ofPlatform()
              .start(
                  () -> {
                    LockSupport.parkNanos(5_000_000); // of about 50 ms
                    caller.interrupt();
                  });
      int cancelled = 0;
      try {
        KeyValueCache.appendAll(caches, many, many);
      } catch (CancellationException e) {
        cancelled++;
      }
      while (watcher.isAlive()) {
        Thread.onSpinWait();
      }
      assertThat(Thread.interrupted()).isTrue();
      for (KeyValueCache cache : caches) {
        assertThat(cache.rows()).isEqualTo(cancelled > 0 ? 1 : rows + 1);
        assertThat(CachedRows.key(cache, 0)).isEqualTo(7);
        cache.reset();
        CachedRows.append(cache, 100, 1); // no memory stays reserved
        assertThat(cache.statistics().pages()).isEqualTo(7);
      }
    }
  }

  /** Decoding has kernels of its own: a cache for many tiles, and a thread that is interrupted between them. */
  @Test
  void decodingStops() {
    try (KeyValueCache cache = KeyValueCache.builder(1, 16).capacity(50_000).build()) {
      Problem problem = Problem.of(4, 50_000);
      cache.append(problem.key(), problem.value());
      AtomicInteger steps = new AtomicInteger();
      Thread caller = Thread.currentThread();
      Attention attention =
          Attention.standard()
              .withScoreFunction(
                  (row, offset, length, b, head, query, firstKey) -> {
                    if (steps.incrementAndGet() == 1) {
                      caller.interrupt();
                    }
                  });
      assertCancelled(() -> attention.compute(problem.query(), cache, problem.emptyOutput()));
      assertThat(steps.get()).as("of 3128 steps, or 4 rows").isLessThanOrEqualTo(Kernels.selected().lanes() == 1 ? 1 : 20);
      Thread.currentThread().interrupt();
      assertCancelled(() -> Attention.standard().compute(problem.query(), cache, problem.emptyOutput()));
      CachedRows.append(cache, 0, 0); // the cache is no longer locked
    }
  }
}
