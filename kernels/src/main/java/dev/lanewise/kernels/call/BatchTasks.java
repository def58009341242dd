package dev.lanewise.kernels.call;

import dev.lanewise.kernels.runtime.Interruption;
import java.util.Arrays;

/**
 * The tasks of all batch entries of a call, one entry after the other. Where entries differ in size, the longest come first. Small tasks of
 * entries are joined to runs, since a thread that fetches its next task waits for the other threads. A task of the call is a run.
 */
public final class BatchTasks implements AttentionTasks {
  /** The most runs for each thread, but for one more: while the last run is computed, other threads are idle. */
  private static final int RUNS_PER_THREAD = 16;

  /** Number of rows and keys whose work is as long as the beginning and the end of a task. */
  private static final int OVERHEAD = 8;

  private static final int[] NONE = new int[0];

  private final EntryTasks entries;

  /**
   * Batch entries in the order of their tasks; empty if all entries are alike. {@link #starts} holds the first task of each, then the
   * number of all tasks.
   */
  private final int[] order;

  private final int[] starts;

  /** The first task of each run, then the number of all tasks; empty if each run has {@link #perRun} tasks. */
  private final int[] runs;

  /** Number of tasks of all entries. */
  private final int all;

  /** Number of tasks of each entry, if all entries are alike. */
  private final int perEntry;

  private final int perRun;
  private final int count;

  /**
   * Joins tasks for {@code threads} threads.
   *
   * @param entries the tasks of each entry; those over cached keys are not joined
   */
  public BatchTasks(AttentionProblem problem, int threads, EntryTasks entries) {
    CallShape shape = problem.shape;
    this.entries = entries;
    boolean uneven = shape.isUneven();
    this.order = uneven ? longestFirst(problem) : NONE;
    this.starts = uneven ? new int[order.length + 1] : NONE;
    for (int i = 0; i < order.length; i++) {
      starts[i + 1] = Math.addExact(starts[i], entries.tasks(order[i]));
    }
    this.perEntry = uneven || shape.batch() == 0 ? 0 : entries.tasks(0);
    this.all = uneven ? starts[order.length] : Math.multiplyExact(shape.batch(), perEntry);
    boolean joins = !shape.isCached() && all > mostRuns(threads);
    this.runs = joins && uneven && threads > 1 ? runs(problem, threads) : NONE;
    this.perRun = joins ? Math.ceilDiv(all, mostRuns(threads)) : 1;
    this.count = runs.length > 0 ? runs.length - 1 : Math.ceilDiv(all, perRun);
  }

  private static int mostRuns(int threads) {
    return threads == 1 ? 1 : (int) Math.min((long) threads * RUNS_PER_THREAD, Integer.MAX_VALUE / 2);
  }

  /** The batch entries of a call, those with the most work first. */
  public static int[] longestFirst(AttentionProblem problem) {
    int[] order = new int[problem.shape.batch()];
    for (int b = 0; b < order.length; b++) { // by insertion, which allocates nothing
      int at = b;
      for (; at > 0 && work(problem, order[at - 1], 0) < work(problem, b, 0); at--) {
        order[at] = order[at - 1];
      }
      order[at] = b;
    }
    return order;
  }

  private static long work(AttentionProblem problem, int batchEntry, int overhead) {
    return ((long) problem.shape.queries(batchEntry) + overhead) * ((long) problem.shape.keys(batchEntry) + overhead);
  }

  /** Cuts the tasks into runs that end where they have their share of the work. */
  private int[] runs(AttentionProblem problem, int threads) {
    double whole = 0;
    for (int i = 0; i < order.length; i++) {
      whole += starts[i + 1] > starts[i] ? work(problem, order[i], OVERHEAD) : 0;
    }
    double share = whole / mostRuns(threads);
    int[] cut = new int[Math.min(all, mostRuns(threads) + 1) + 1];
    int used = 0;
    double done = 0;
    for (int i = 0; i < order.length; i++) {
      double work = work(problem, order[i], OVERHEAD) / (double) (starts[i + 1] - starts[i]);
      for (int task = starts[i]; task < starts[i + 1]; task++) {
        done += work;
        if (done >= share && used < cut.length - 2) {
          cut[++used] = task + 1;
          done = 0;
        }
      }
    }
    if (cut[used] < all) {
      cut[++used] = all;
    }
    return Arrays.copyOf(cut, used + 1);
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public void run(int task) {
    int from = runs.length > 0 ? runs[task] : task * perRun;
    int to = runs.length > 0 ? runs[task + 1] : (int) Math.min(all, (long) from + perRun);
    int entry = order.length > 0 ? indexOf(from) : 0;
    try (RowKernel kernel = entries.open()) {
      for (int i = from; i < to; i++) {
        Interruption.check();
        if (order.length == 0) {
          entries.run(kernel, i / perEntry, i % perEntry);
          continue;
        }
        while (starts[entry + 1] <= i) { // an entry without queries has no task
          entry++;
        }
        entries.run(kernel, order[entry], i - starts[entry]);
      }
    }
  }

  /** An index in {@link #order} at or before the batch entry that a task belongs to. */
  private int indexOf(int task) {
    int found = Arrays.binarySearch(starts, task);
    return found < 0 ? -found - 2 : found;
  }
}
