package dev.lanewise.spark.embed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CancellationException;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskInterruptListener;
import org.jspecify.annotations.Nullable;

/**
 * Ends a computation within milliseconds when Spark kills its task. Spark interrupts the thread of a task only if it is told to, because
 * some file systems do not bear it; here nothing but the computation is interrupted.
 */
final class TaskInterrupts implements TaskInterruptListener {
  private final @Nullable TaskContext task;
  private @Nullable Thread computing;
  private boolean killed;

  /** Work that an interrupt ends. */
  @FunctionalInterface
  interface Work<T> {
    T run() throws IOException, InterruptedException;
  }

  private TaskInterrupts(@Nullable TaskContext task) {
    this.task = task;
  }

  /** Those of the task that runs in this thread. */
  static TaskInterrupts ofThisTask() {
    TaskContext task = TaskContext.get();
    TaskInterrupts interrupts = new TaskInterrupts(task);
    if (task != null) {
      task.addTaskInterruptListener(interrupts);
    }
    return interrupts;
  }

  @Override
  public synchronized void onTaskInterrupted(TaskContext context, String reason) {
    killed = true;
    if (computing != null) {
      computing.interrupt();
    }
  }

  /**
   * Runs work in this thread.
   *
   * @throws org.apache.spark.TaskKilledException if the task was killed
   */
  <T> T run(Work<T> work) {
    begin();
    try {
      return work.run();
    } catch (CancellationException e) {
      throw stopped(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stopped(new CancellationException("interrupted"));
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } finally {
      end();
    }
  }

  private synchronized void begin() {
    if (task != null) {
      task.killTaskIfInterrupted();
    }
    computing = Thread.currentThread();
  }

  private synchronized void end() {
    computing = null;
    if (killed) {
      Thread.interrupted(); // it was for the computation
    }
  }

  private CancellationException stopped(CancellationException e) {
    if (task != null) {
      task.killTaskIfInterrupted();
    }
    return e;
  }
}
