package dev.lanewise.spark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.spark.testing.LocalSpark;
import dev.lanewise.spark.testing.TestTexts;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.function.VoidFunction;
import org.junit.jupiter.api.Test;

/** The tasks of this test would run forever. */
class TaskInterruptsTest {
  private static final CountDownLatch STARTED = new CountDownLatch(1);
  private static final CountDownLatch ENDED = new CountDownLatch(1);
  private static final AtomicReference<Throwable> END = new AtomicReference<>();

  @Test
  void killedTaskLeavesItsComputation() throws InterruptedException {
    VoidFunction<Integer> forever =
        number -> {
          try {
            TaskInterrupts.ofThisTask()
                .run(
                    () -> {
                      while (true) {
                        STARTED.countDown();
                        TestTexts.encoder().embed(List.of("a long text ".repeat(40)));
                      }
                    });
          } catch (Throwable e) {
            END.set(e);
            throw e;
          } finally {
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            ENDED.countDown();
          }
        };
    JavaFutureAction<Void> job = LocalSpark.context().parallelize(List.of(1), 1).foreachAsync(forever);
    while (!STARTED.await(1, TimeUnit.SECONDS)) {
      assertThat(job.isDone()).as("the job ended before its task began").isFalse();
    }
    job.cancel(false);
    assertThatThrownBy(job::get).isInstanceOfAny(ExecutionException.class, java.util.concurrent.CancellationException.class);
    ENDED.await();
    assertThat(END.get()).isInstanceOf(TaskKilledException.class);
  }
}
