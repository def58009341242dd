package dev.lanewise.spark.job.cluster;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Counts tasks and their time, and calls an action once when some have finished. */
final class TaskLog extends SparkListener {
  private final int after;
  private final Runnable action;
  private final AtomicInteger succeeded = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicLong lostMillis = new AtomicLong();
  private final AtomicLong usedMillis = new AtomicLong();

  /**
   * Creates a log.
   *
   * @param after number of finished tasks after which the action runs
   */
  TaskLog(int after, Runnable action) {
    this.after = after;
    this.action = action;
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    if (end.reason().equals(Success$.MODULE$)) {
      usedMillis.addAndGet(end.taskInfo().duration());
      if (succeeded.incrementAndGet() == after) {
        action.run();
      }
    } else {
      failed.incrementAndGet();
      lostMillis.addAndGet(end.taskInfo().duration());
    }
  }

  /** Number of tasks that ended well. A task is counted again if its result was lost. */
  int succeeded() {
    return succeeded.get();
  }

  int failed() {
    return failed.get();
  }

  /** What the failures cost: time of tasks that failed, of all time in tasks. */
  String cost() {
    return "%d tasks finished, %d lost and repeated; %.1f s of %.1f s in tasks were lost"
        .formatted(succeeded(), failed(), lostMillis.get() / 1e3, (lostMillis.get() + usedMillis.get()) / 1e3);
  }
}
