package dev.lanewise.kernels;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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

  /** How batch entries that decode are cut; null if none can. */
  private final @Nullable DecodePlan plan;

  /** Sequences in the order of their tasks, and the first task of each with the number of all at the end; empty if there are none. */
  private final int[] order;

  private final int[] starts;

  /** Cuts the problem for {@code threads} threads, of kernels whose tiles hold {@code granularity} rows and that perhaps decode. */
  AttentionTasks(AttentionProblem problem, int threads, int granularity, boolean decodes) {
    this.problem = problem;
    this.rowsPerTask = rowsPerTask(problem, threads, granularity);
    this.plan = decodes && problem.isCached() ? new DecodePlan(problem, problem.cached(0).layout(), threads) : null;
    this.order = isUneven() ? longestFirst(problem) : NONE;
    this.starts = isUneven() ? new int[order.length + 1] : NONE;
    for (int i = 0; i < order.length; i++) {
      starts[i + 1] = Math.addExact(starts[i], tasks(order[i]));
    }
  }

  private static int rowsPerTask(AttentionProblem problem, int threads, int granularity) {
    long wanted = (long) threads * TASKS_PER_THREAD;
    if (threads == 1 || (problem.sequences == null && !problem.isCached() && problem.units() >= wanted)) {
      return Integer.MAX_VALUE;
    }
    long rows = 0;
    for (int b = 0; b < problem.batch(); b++) {
      rows += (long) problem.query.heads() * problem.computedQueries(b);
    }
    return Math.clamp(rows / granularity / wanted, 1, Integer.MAX_VALUE / granularity) * granularity;
  }

  /** Whether batch entries differ in size. */
  private boolean isUneven() {
    return problem.sequences != null || problem.isCached();
  }

  private static int[] longestFirst(AttentionProblem problem) {
    int[] order = new int[problem.batch()];
    for (int b = 0; b < order.length; b++) { // by insertion, which allocates nothing
      int at = b;
      for (; at > 0 && work(problem, order[at - 1]) < work(problem, b); at--) {
        order[at] = order[at - 1];
      }
      order[at] = b;
    }
    return order;
  }

  private static long work(AttentionProblem problem, int batchEntry) {
    return (long) problem.queries(batchEntry) * problem.keys(batchEntry);
  }

  /** How many tasks: 0 to {@code count() - 1}. */
  public int count() {
    if (isUneven()) {
      return starts[order.length];
    }
    return problem.batch() == 0 ? 0 : Math.multiplyExact(problem.batch(), tasks(0));
  }

  private int unit(int task) {
    int b = batchEntry(task);
    return b * problem.key.heads() + inEntry(task) / tasksPerUnit(b);
  }

  private int fromRow(int task) {
    int perUnit = tasksPerUnit(batchEntry(task));
    return (perUnit - 1 - inEntry(task) % perUnit) * rowsPerTask;
  }

  private int toRow(int task) {
    return (int) Math.min((long) fromRow(task) + rowsPerTask, problem.rows(unit(task)));
  }

  /** Runs one task on {@code provider}. */
  void run(int task, KernelProvider provider) {
    int b = batchEntry(task);
    if (decodes(b)) {
      provider.decode(Objects.requireNonNull(plan), b, inEntry(task));
    } else {
      provider.attend(problem, unit(task), fromRow(task), toRow(task));
    }
  }

  private boolean decodes(int batchEntry) {
    return plan != null && plan.decodes(batchEntry);
  }

  /** Tasks of a batch entry. */
  private int tasks(int batchEntry) {
    if (decodes(batchEntry)) {
      return Objects.requireNonNull(plan).tasks(batchEntry);
    }
    return Math.multiplyExact(problem.key.heads(), tasksPerUnit(batchEntry));
  }

  private int tasksPerUnit(int batchEntry) {
    return Math.ceilDiv(problem.group() * problem.computedQueries(batchEntry), rowsPerTask);
  }

  private int batchEntry(int task) {
    return isUneven() ? order[place(task)] : task / tasks(0);
  }

  /** A task's number among those of its batch entry. */
  private int inEntry(int task) {
    return isUneven() ? task - starts[place(task)] : task % tasks(0);
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
