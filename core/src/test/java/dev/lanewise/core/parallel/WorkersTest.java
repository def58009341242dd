package dev.lanewise.core.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("once")
@Timeout(600) // against hanging
class WorkersTest {
  private static final long MUCH = Long.MAX_VALUE;

  @ParameterizedTest
  @CsvSource({"1,0", "1,7", "2,0", "2,1", "2,2", "3,1000", "8,5", "1000,10000", "2147483647,300"})
  void everyTaskRunsOnce(int threads, int tasks) {
    AtomicIntegerArray runs = new AtomicIntegerArray(tasks);
    Workers.run(threads, MUCH, tasks, runs::incrementAndGet);
    for (int i = 0; i < tasks; i++) {
      assertThat(runs.get(i)).as("runs of task %d", i).isEqualTo(1);
    }
  }

  @Test
  void tasksRunOnTheRequestedNumberOfThreads() {
    // Each task waits for the other two: with fewer than three threads the test would never end.
    CountDownLatch together = new CountDownLatch(3);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Workers.run(
        3,
        MUCH,
        3,
        index -> {
          threads.add(Thread.currentThread());
          together.countDown();
          await(together);
        });
    assertThat(threads).hasSize(3).contains(Thread.currentThread());
    assertThat(threads)
        .filteredOn(thread -> thread != Thread.currentThread())
        .allSatisfy(
            helper -> {
              assertThat(helper.getName()).matches("lanewise-\\d+");
              assertThat(helper.isDaemon()).isTrue();
            });
  }

  /** Helpers take short jobs of several callers one after another, and every task of each runs once. */
  @Test
  void shortJobsOfManyCallersRunWhole() throws Exception {
    int callers = 6;
    int jobs = 3000;
    try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
      List<Future<?>> results = new ArrayList<>();
      for (int caller = 0; caller < callers; caller++) {
        int tasks = 2 + caller;
        results.add(
            threads.submit(
                () -> {
                  for (int job = 0; job < jobs; job++) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(tasks);
                    Workers.run(3, MUCH, tasks, runs::incrementAndGet);
                    for (int task = 0; task < tasks; task++) {
                      assertThat(runs.get(task)).as("job %d, task %d", job, task).isEqualTo(1);
                    }
                    if (job % 500 == 0) {
                      LockSupport.parkNanos(1_000_000); // longer than helpers wait awake: they end, and threads are woken again
                    }
                  }
                }));
      }
      for (Future<?> result : results) {
        result.get();
      }
    }
  }

  @Test
  void littleWorkStaysOnTheCaller() {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Workers.run(8, Workers.WORK_PER_THREAD - 1, 10_000, index -> threads.add(Thread.currentThread()));
    assertThat(threads).containsExactly(Thread.currentThread());
  }

  @Test
  void failureOfTheCallerIsRethrownAfterStartedTasksEnd() {
    Thread caller = Thread.currentThread();
    CountDownLatch bothStarted = new CountDownLatch(2);
    AtomicInteger ended = new AtomicInteger();
    assertThatThrownBy(
            () ->
                Workers.run(
                    2,
                    MUCH,
                    2,
                    index -> {
                      bothStarted.countDown();
                      await(bothStarted);
                      if (Thread.currentThread() == caller) {
                        throw new IllegalStateException("from the caller");
                      }
                      pause(50);
                      ended.incrementAndGet();
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("from the caller");
    assertThat(ended).as("the helper's task, over when the call returns").hasValue(1);
  }

  @Test
  void failureOfAHelperIsRethrownInTheCaller() {
    Thread caller = Thread.currentThread();
    CountDownLatch bothStarted = new CountDownLatch(2);
    assertThatThrownBy(
            () ->
                Workers.run(
                    2,
                    MUCH,
                    2,
                    index -> {
                      bothStarted.countDown();
                      await(bothStarted);
                      if (Thread.currentThread() != caller) {
                        throw new AssertionError("from a helper");
                      }
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessage("from a helper");
    everyTaskRunsOnce(2, 100);
  }

  /** A task in Kotlin or Scala may throw a checked exception. */
  @Test
  void checkedExceptionOfAHelperIsRethrownInTheCaller() {
    Thread caller = Thread.currentThread();
    CountDownLatch bothStarted = new CountDownLatch(2);
    assertThatThrownBy(
            () ->
                Workers.run(
                    2,
                    MUCH,
                    2,
                    index -> {
                      bothStarted.countDown();
                      await(bothStarted);
                      if (Thread.currentThread() != caller) {
                        WorkersTest.<RuntimeException>throwUnchecked(new IOException("from a helper"));
                      }
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("from a helper");
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> void throwUnchecked(Throwable thrown) throws T {
    throw (T) thrown;
  }

  @Test
  void failureStopsTheTasksThatHaveNotStarted() {
    AtomicInteger started = new AtomicInteger();
    assertThatThrownBy(
            () ->
                Workers.run(
                    2,
                    MUCH,
                    20_000,
                    index -> {
                      started.incrementAndGet();
                      if (index == 0) {
                        throw new IllegalStateException("at once");
                      }
                      pause(1);
                    }))
        .hasMessage("at once");
    assertThat(started.get()).isBetween(1, 10_000);
  }

  @Test
  void nestedCallsEnd() {
    AtomicInteger runs = new AtomicInteger();
    Workers.run(64, MUCH, 64, outer -> Workers.run(64, MUCH, 64, inner -> Workers.run(4, MUCH, 4, innermost -> runs.incrementAndGet())));
    assertThat(runs).hasValue(64 * 64 * 4);
  }

  @Test
  void manyCallersShareThePoolWithinItsBound() throws Exception {
    AtomicInteger runs = new AtomicInteger();
    AtomicInteger mostHelpers = new AtomicInteger();
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        calls.add(
            callers.submit(
                () ->
                    Workers.run(
                        50,
                        MUCH,
                        20,
                        index -> {
                          runs.incrementAndGet();
                          if (index == 0) {
                            mostHelpers.accumulateAndGet(helpers(), Math::max);
                          }
                        })));
      }
      for (Future<?> call : calls) {
        call.get();
      }
    }
    assertThat(runs).hasValue(200 * 20);
    assertThat(mostHelpers.get()).isBetween(1, Workers.MAX_HELPERS);
  }

  /** The caller has no task left and waits; its interrupt reaches the helper, and only the caller keeps the interrupt status. */
  @Test
  void interruptOfTheCallerReachesHelpersAndIsKept() {
    CountDownLatch bothStarted = new CountDownLatch(2);
    CountDownLatch callerHasNoTask = new CountDownLatch(1);
    AtomicInteger woken = new AtomicInteger();
    Thread caller = Thread.currentThread();
    assertThatThrownBy(
            () ->
                Workers.run(
                    2,
                    MUCH,
                    2,
                    index -> {
                      bothStarted.countDown();
                      await(bothStarted);
                      if (Thread.currentThread() == caller) {
                        callerHasNoTask.countDown();
                        return;
                      }
                      await(callerHasNoTask);
                      caller.interrupt();
                      try {
                        Thread.sleep(300_000);
                      } catch (InterruptedException e) {
                        woken.incrementAndGet();
                      }
                    }))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(woken).hasValue(1);
    assertNoHelperIsInterrupted();
  }

  /** A helper that ignores an interrupt must not carry it to its next job. */
  @Test
  void interruptsDoNotOutliveTheirJob() {
    Thread caller = Thread.currentThread();
    int cancelled = 0;
    for (int round = 0; round < 100; round++) {
      boolean slow = round % 10 == 0;
      CountDownLatch bothStarted = new CountDownLatch(2);
      AtomicInteger runs = new AtomicInteger();
      try {
        Workers.run(
            2,
            MUCH,
            300,
            index -> {
              if (index < 2) {
                bothStarted.countDown();
                while (bothStarted.getCount() > 0) {
                  Thread.onSpinWait(); // an interrupt must not end the loop
                }
              }
              if (index == 10) {
                caller.interrupt();
              }
              if (index > 10 && slow) {
                LockSupport.parkNanos(10_000); // also on one processor the caller comes before the end
              }
              runs.incrementAndGet();
            });
        assertThat(runs).as("if it does not throw, it is whole").hasValue(300);
      } catch (CancellationException e) {
        cancelled++;
      }
      assertThat(Thread.interrupted()).isTrue();
      assertNoHelperIsInterrupted();
    }
    assertThat(cancelled).isPositive();
  }

  private static void assertNoHelperIsInterrupted() {
    CountDownLatch bothStarted = new CountDownLatch(2);
    Workers.run(
        2,
        MUCH,
        2,
        index -> {
          assertThat(Thread.currentThread().isInterrupted()).isFalse();
          bothStarted.countDown();
          await(bothStarted);
        });
  }

  @Test
  void interruptedThreadsBeginNothing() {
    AtomicInteger runs = new AtomicInteger();
    for (int threads = 1; threads <= 2; threads++) {
      int threadCount = threads;
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> Workers.run(threadCount, MUCH, 10, index -> runs.incrementAndGet()))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(runs).hasValue(0);
  }

  private static int helpers() {
    return (int) Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("lanewise-")).count();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(300, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
