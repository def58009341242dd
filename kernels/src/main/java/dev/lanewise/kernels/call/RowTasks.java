package dev.lanewise.kernels.call;

import java.util.function.Supplier;

/**
 * Cuts a batch entry into tasks of query rows. A task is a whole unit if there are enough units to keep all threads busy to the end.
 * Otherwise the last rows come first, because they take longest under a causal mask.
 */
public final class RowTasks implements EntryTasks {
  /** The least number of tasks for each thread. While the last task runs, other threads are idle for at most an eighth of the time. */
  public static final int TASKS_PER_THREAD = 8;

  private final AttentionProblem problem;
  private final Supplier<RowKernel> kernels;
  private final int rowsPerTask;

  /**
   * Cuts a call for {@code threads} threads.
   *
   * @param granularity number of query rows that the kernel processes at once; the rows of a task are a multiple of it
   * @param kernels takes a kernel for some tasks
   */
  public RowTasks(AttentionProblem problem, int threads, int granularity, Supplier<RowKernel> kernels) {
    this.problem = problem;
    this.kernels = kernels;
    this.rowsPerTask = rowsPerTask(problem, threads, granularity);
  }

  private static int rowsPerTask(AttentionProblem problem, int threads, int granularity) {
    long wanted = (long) threads * TASKS_PER_THREAD;
    if (threads == 1 || (!problem.shape.isUneven() && problem.units() >= wanted)) {
      return Integer.MAX_VALUE;
    }
    long rows = 0;
    for (int b = 0; b < problem.shape.batch(); b++) {
      rows += (long) problem.shape.queryHeads() * problem.computedQueries(b);
    }
    return Math.clamp(rows / granularity / wanted, 1, Integer.MAX_VALUE / granularity) * granularity;
  }

  @Override
  public int tasks(int batchEntry) {
    return Math.multiplyExact(problem.shape.key().heads(), tasksPerUnit(batchEntry));
  }

  private int tasksPerUnit(int batchEntry) {
    return Math.ceilDiv(problem.shape.group() * problem.computedQueries(batchEntry), rowsPerTask);
  }

  @Override
  public RowKernel open() {
    return kernels.get();
  }

  @Override
  public void run(RowKernel kernel, int batchEntry, int task) {
    int perUnit = tasksPerUnit(batchEntry);
    int unit = batchEntry * problem.shape.key().heads() + task / perUnit;
    int from = (perUnit - 1 - task % perUnit) * rowsPerTask;
    kernel.attend(problem, unit, from, (int) Math.min((long) from + rowsPerTask, problem.rows(unit)));
  }
}
