package dev.lanewise.kernels;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * An {@link AttentionProblem} cut into tasks for a number of threads, each some rows of one unit. Whole units if there are enough of them
 * to keep all threads busy to the end, else blocks of rows, the last rows first because under a causal mask they take longest. Of packed
 * sequences the longest come first. The bits of a result do not depend on the cut.
 */
public final class AttentionTasks {
  /** Tasks a thread, at least: the last to finish then leaves the others idle for an eighth of the time at most. */
  private static final int TASKS_PER_THREAD = 8;

  private static final int[] NONE = new int[0];

  private final AttentionProblem problem;
  private final int rowsPerTask;

  /** Sequences in the order of their tasks, and the first task of each with the number of all at the end; empty if there are none. */
  private final int[] order;

  private final int[] starts;

  /** Cuts the problem for {@code threads} threads, of kernels whose tiles hold {@code granularity} rows. */
  AttentionTasks(AttentionProblem problem, int threads, int granularity) {
    this.problem = problem;
    this.rowsPerTask = rowsPerTask(problem, threads, granularity);
    this.order = problem.sequences == null ? NONE : longestFirst(problem.sequences);
    this.starts = problem.sequences == null ? NONE : new int[order.length + 1];
    for (int i = 0; i < order.length; i++) {
      starts[i + 1] = Math.addExact(starts[i], tasks(order[i]));
    }
  }

  private static int rowsPerTask(AttentionProblem problem, int threads, int granularity) {
    long wanted = (long) threads * TASKS_PER_THREAD;
    if (threads == 1 || (problem.sequences == null && problem.units() >= wanted)) {
      return Integer.MAX_VALUE;
    }
    long rows = 0;
    for (int b = 0; b < problem.batch(); b++) {
      rows += (long) problem.query.heads() * problem.computedQueries(b);
    }
    return Math.clamp(rows / granularity / wanted, 1, Integer.MAX_VALUE / granularity) * granularity;
  }

  private static int[] longestFirst(SequenceStarts sequences) {
    Comparator<Integer> byWork = Comparator.comparingLong(i -> -(long) sequences.queries(i) * sequences.keys(i));
    return IntStream.range(0, sequences.count()).boxed().sorted(byWork).mapToInt(Integer::intValue).toArray();
  }

  /** How many tasks: 0 to {@code count() - 1}. */
  public int count() {
    if (problem.sequences != null) {
      return starts[order.length];
    }
    return problem.batch() == 0 ? 0 : Math.multiplyExact(problem.batch(), tasks(0));
  }

  AttentionProblem problem() {
    return problem;
  }

  int unit(int task) {
    int b = batchEntry(task);
    return b * problem.key.heads() + inEntry(task) / tasksPerUnit(b);
  }

  int fromRow(int task) {
    int perUnit = tasksPerUnit(batchEntry(task));
    return (perUnit - 1 - inEntry(task) % perUnit) * rowsPerTask;
  }

  int toRow(int task) {
    return (int) Math.min((long) fromRow(task) + rowsPerTask, problem.rows(unit(task)));
  }

  /** Tasks of a batch entry. */
  private int tasks(int batchEntry) {
    return Math.multiplyExact(problem.key.heads(), tasksPerUnit(batchEntry));
  }

  private int tasksPerUnit(int batchEntry) {
    return Math.ceilDiv(problem.group() * problem.computedQueries(batchEntry), rowsPerTask);
  }

  private int batchEntry(int task) {
    return problem.sequences == null ? task / tasks(0) : order[place(task)];
  }

  /** A task's number among those of its batch entry. */
  private int inEntry(int task) {
    return problem.sequences == null ? task % tasks(0) : task - starts[place(task)];
  }

  /** Where in {@link #order} a task's sequence is. */
  private int place(int task) {
    int found = Arrays.binarySearch(starts, task);
    if (found < 0) {
      return -found - 2;
    }
    while (starts[found + 1] == task) { // sequences without queries have no task
      found++;
    }
    return found;
  }
}
