package dev.lanewise.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.testing.Problem;
import dev.lanewise.core.testing.Views;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RowFunction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls with the caller's executor, whatever the executor does. */
@Tag("twice")
@Timeout(600) // against hanging
class HelpersTest {
  private final Problem problem = Problem.of(300, 200).heads(4, 2).mask(Mask.causal());
  private final float[] expected = problem.compute(problem.attention());
  private final Attention attention = problem.attention().withThreads(4);

  /** A function that changes nothing; scores take another path because of it, and round slightly differently. */
  private static final RowFunction IDENTITY = (row, offset, length, b, head, query, firstKey) -> {};

  private final float[] expectedWithFunction = problem.compute(problem.attention().withScoreFunction(IDENTITY));

  private float[] compute(Executor executor) {
    return compute(executor, attention);
  }

  private float[] compute(Executor executor, Attention attention) {
    List<float[]> output = new ArrayList<>();
    Helpers.from(executor, () -> output.add(problem.compute(attention)));
    return output.get(0);
  }

  private void assertNextCallWorks() {
    Views.assertSameBits(problem.compute(attention), expected, "the next call");
  }

  @Test
  void tasksRunOnTheExecutorAndNowhereElse() throws Exception {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    CountDownLatch both = new CountDownLatch(2);
    Thread helper;
    try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
      helper = executor.submit(() -> Thread.currentThread()).get();
      RowFunction meet =
          (row, offset, length, b, head, query, firstKey) -> {
            threads.add(Thread.currentThread());
            both.countDown();
            await(both);
          };
      Views.assertSameBits(compute(executor, attention.withScoreFunction(meet)), expectedWithFunction, "with a helper");
    }
    assertThat(threads).containsExactlyInAnyOrder(Thread.currentThread(), helper);
  }

  /** The only thread of the pool makes the call, so helpers that the call requests run after it. */
  @Test
  void poolOfOneThatMakesTheCallItself() throws Exception {
    try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
      for (int i = 0; i < 20; i++) {
        Views.assertSameBits(executor.submit(() -> compute(executor)).get(), expected, "call " + i);
      }
    }
  }

  /** No thread of the pool is free. Tasks that start long after the call must not write to its output. */
  @Test
  void saturatedPool() throws Exception {
    CountDownLatch free = new CountDownLatch(1);
    try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
      executor.execute(() -> await(free));
      executor.execute(() -> await(free));
      float[] output = compute(executor);
      Views.assertSameBits(output, expected, "while the pool is busy");
      Arrays.fill(output, Views.SENTINEL);
      free.countDown();
      executor.shutdown();
      assertThat(executor.awaitTermination(300, TimeUnit.SECONDS)).isTrue();
      assertThat(output).containsOnly(Views.SENTINEL);
    }
  }

  @Test
  void executorThatRunsTheCaller() {
    Views.assertSameBits(compute(Runnable::run), expected, "on the caller");
  }

  @Test
  void executorOfVirtualThreads() {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Views.assertSameBits(compute(executor), expected, "virtual helpers");
    }
  }

  @Test
  void exceptionsOfTheExecutorReachTheCaller() {
    for (int accepted = 0; accepted < 3; accepted++) {
      try (ExecutorService executor = Executors.newCachedThreadPool()) {
        AtomicInteger left = new AtomicInteger(accepted);
        Executor refusing =
            task -> {
              if (left.getAndDecrement() == 0) {
                throw new RejectedExecutionException("no more");
              }
              executor.execute(task);
            };
        assertThatThrownBy(() -> compute(refusing)).isInstanceOf(RejectedExecutionException.class).hasMessage("no more");
      }
      assertNextCallWorks();
    }
    ExecutorService closed = Executors.newSingleThreadExecutor();
    closed.close();
    assertThatThrownBy(() -> compute(closed)).isInstanceOf(RejectedExecutionException.class);
    assertThatThrownBy(
            () ->
                compute(
                    task -> {
                      throw new AssertionError("broken");
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessage("broken");
    assertNextCallWorks();
  }

  /** Shutting down an executor interrupts its helpers, and so cancels the calls that they help. */
  @Test
  void helpersThatAreInterruptedCancelTheCall() {
    ExecutorService executor = Executors.newFixedThreadPool(3);
    Thread caller = Thread.currentThread();
    CountDownLatch helped = new CountDownLatch(1);
    RowFunction shutDown =
        (row, offset, length, b, head, query, firstKey) -> {
          boolean helps = Thread.currentThread() != caller;
          if (helps) {
            helped.countDown();
          }
          while (helps && !Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
          }
          if (!helps) { // waits until the helper finds that it is interrupted, while there are tasks left
            await(helped);
            executor.shutdownNow();
            awaitEnd(executor);
          }
        };
    assertThatThrownBy(() -> compute(executor, attention.withScoreFunction(shutDown))).isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isFalse();
    assertNextCallWorks();
  }

  /** A thread that is interrupted together with the caller has no interrupt status when it returns to its executor. */
  @Test
  void helpersDoNotKeepTheInterruptOfTheirCaller() throws Exception {
    Thread caller = Thread.currentThread();
    List<Thread> threads = new ArrayList<>();
    AtomicInteger interrupted = new AtomicInteger();
    AtomicInteger leftInterrupted = new AtomicInteger();
    Executor ownThreads =
        task ->
            threads.add(
                Thread.ofPlatform()
                    .start(
                        () -> {
                          task.run();
                          leftInterrupted.addAndGet(Thread.currentThread().isInterrupted() ? 1 : 0);
                        }));
    RowFunction untilInterrupted =
        (row, offset, length, b, head, query, firstKey) -> {
          if (Thread.currentThread() != caller) {
            caller.interrupt();
          }
          while (!Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
          }
          interrupted.addAndGet(Thread.currentThread() == caller ? 0 : 1);
        };
    assertThatThrownBy(() -> compute(ownThreads, attention.withScoreFunction(untilInterrupted))).isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(interrupted.get()).isPositive();
    assertThat(leftInterrupted).hasValue(0);
    assertNextCallWorks();
  }

  /** A function of a layer calls a layer, on any thread: nested three times, on a pool of two threads. */
  @Test
  void nestedCallsInsideWorkers() {
    try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
      Problem inner = Problem.of(20, 20).heads(2, 1);
      float[] innerExpected = inner.compute(inner.attention());
      float[] innerWithFunction = inner.compute(inner.attention().withScoreFunction(IDENTITY));
      AtomicInteger calls = new AtomicInteger();
      RowFunction callsInner =
          (row, offset, length, b, head, query, firstKey) -> {
            if (query % 50 == 0) {
              Heads output = inner.emptyOutput();
              RowFunction callsInnermost =
                  (r, o, l, b2, h, q, k) -> {
                    if (q == 3) {
                      Views.assertSameBits(inner.compute(Attention.standard().withThreads(2)), innerExpected, "innermost");
                      calls.incrementAndGet();
                    }
                  };
              inner.attention().withThreads(3).withScoreFunction(callsInnermost).compute(inner.query(), inner.key(), inner.value(), output);
              Views.assertSameBits(Views.dense(output), innerWithFunction, "inner");
            }
          };
      Views.assertSameBits(compute(executor, attention.withScoreFunction(callsInner)), expectedWithFunction, "outer");
      assertThat(calls.get()).isGreaterThan(20);
    }
  }

  @Test
  void failingFunctionsReachTheCallerFromAnyThread() {
    for (boolean onCaller : new boolean[] {true, false}) {
      try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
        assertThatThrownBy(() -> compute(executor, attention.withScoreFunction(failing(onCaller))))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("of the function");
        assertThatThrownBy(() -> compute(executor, attention.withWeightFunction(failing(onCaller))))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("of the function");
        assertNextCallWorks();
      }
    }
    assertThatThrownBy(
            () ->
                Mask.evaluate(
                    (b, h, i, j) -> {
                      throw new IllegalStateException("of the predicate");
                    },
                    1,
                    1,
                    3,
                    3))
        .hasMessage("of the predicate");
    assertNextCallWorks();
  }

  /** A function that fails on the calling thread, or on the only helper, once both are at work. */
  private static RowFunction failing(boolean onCaller) {
    Thread caller = Thread.currentThread();
    Set<Thread> seen = ConcurrentHashMap.newKeySet();
    CountDownLatch both = new CountDownLatch(2);
    return (row, offset, length, b, head, query, firstKey) -> {
      if (seen.add(Thread.currentThread())) {
        both.countDown();
        await(both);
      }
      if ((Thread.currentThread() == caller) == onCaller) {
        throw new IllegalStateException("of the function");
      }
    };
  }

  private static void awaitEnd(ExecutorService executor) {
    try {
      assertThat(executor.awaitTermination(300, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(300, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
