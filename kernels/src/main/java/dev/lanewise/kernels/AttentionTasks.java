package dev.lanewise.kernels;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * An {@link AttentionProblem} cut into tasks for a number of threads, each some rows of one unit. Whole units if there are enough of them
 * to keep all threads busy to the end, else blocks of rows, the last rows first because under a causal mask they take longest. The bits of
 * a result do not depend on the cut.
 */
public final class AttentionTasks {
  /** Tasks a thread, at least: the last to finish then leaves the others idle for an eighth of the time at most. */
  private static final int TASKS_PER_THREAD = 8;

  private static final int[] NONE = new int[0];

  private final AttentionProblem problem;
  private final int rowsPerTask;
  private final int tasksPerUnit;

  /** Units of sequences, the longest first, and where the tasks of each begin; else empty: all units have the same number of tasks. */
  private final int[] order;

  private final int[] starts;

  /** Cuts the problem for {@code threads} threads, of kernels whose tiles hold {@code granularity} rows. */
  AttentionTasks(AttentionProblem problem, int threads, int granularity) {
    this.problem = problem;
    long rows = 0;
    for (int b = 0; b < problem.batch(); b++) {
      rows += (long) problem.group() * problem.computedQueries(b);
    }
    rows *= problem.key.heads();
    long wanted = threads == 1 ? 1 : (long) threads * TASKS_PER_THREAD;
    long tiles = Math.max(1, rows / granularity / wanted);
    boolean wholeUnits = problem.units() >= wanted && problem.sequences == null;
    this.rowsPerTask =
        threads == 1 || wholeUnits ? Integer.MAX_VALUE : (int) Math.min(Integer.MAX_VALUE / granularity, tiles) * granularity;
    if (problem.sequences == null) {
      this.order = NONE;
      this.starts = NONE;
      this.tasksPerUnit = problem.units() == 0 ? 0 : tasks(0);
    } else {
      this.order = unitsByWork();
      this.starts = new int[order.length + 1];
      for (int i = 0; i < order.length; i++) {
        starts[i + 1] = Math.addExact(starts[i], tasks(order[i]));
      }
      this.tasksPerUnit = 0;
    }
  }

  private int tasks(int unit) {
    return Math.ceilDiv(problem.rows(unit), rowsPerTask);
  }

  private int[] unitsByWork() {
    Comparator<Integer> byWork = Comparator.comparingLong(unit -> -(long) problem.rows(unit) * problem.keys(problem.batchEntry(unit)));
    return IntStream.range(0, problem.units()).boxed().sorted(byWork).mapToInt(Integer::intValue).toArray();
  }

  /** How many tasks: 0 to {@code count() - 1}. */
  public int count() {
    return problem.sequences == null ? Math.multiplyExact(problem.units(), tasksPerUnit) : starts[order.length];
  }

  AttentionProblem problem() {
    return problem;
  }

  int unit(int task) {
    return problem.sequences == null ? task / tasksPerUnit : order[place(task)];
  }

  int fromRow(int task) {
    int inUnit = problem.sequences == null ? task % tasksPerUnit : task - starts[place(task)];
    return (tasks(unit(task)) - 1 - inUnit) * rowsPerTask;
  }

  int toRow(int task) {
    return (int) Math.min((long) fromRow(task) + rowsPerTask, problem.rows(unit(task)));
  }

  /** Which unit of {@link #order} a task belongs to. */
  private int place(int task) {
    int found = java.util.Arrays.binarySearch(starts, task);
    if (found < 0) {
      return -found - 2;
    }
    while (starts[found + 1] == task) { // units without rows have no task
      found++;
    }
    return found;
  }
}
