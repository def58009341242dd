package dev.lanewise.kernels.call;

import java.util.Arrays;

/** The tasks of all batch entries of a call, one entry after the other. Where entries differ in size, the longest come first. */
public final class BatchTasks implements AttentionTasks {
  private static final int[] NONE = new int[0];

  private final AttentionProblem problem;
  private final EntryTasks entries;

  /**
   * Batch entries in the order of their tasks; empty if all entries are alike. {@link #starts} holds the first task of each, then the
   * number of all tasks.
   */
  private final int[] order;

  private final int[] starts;

  public BatchTasks(AttentionProblem problem, EntryTasks entries) {
    this.problem = problem;
    this.entries = entries;
    boolean uneven = problem.shape.isUneven();
    this.order = uneven ? longestFirst(problem) : NONE;
    this.starts = uneven ? new int[order.length + 1] : NONE;
    for (int i = 0; i < order.length; i++) {
      starts[i + 1] = Math.addExact(starts[i], entries.tasks(order[i]));
    }
  }

  private static int[] longestFirst(AttentionProblem problem) {
    int[] order = new int[problem.shape.batch()];
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
    return (long) problem.shape.queries(batchEntry) * problem.shape.keys(batchEntry);
  }

  @Override
  public int count() {
    if (problem.shape.isUneven()) {
      return starts[order.length];
    }
    return problem.shape.batch() == 0 ? 0 : Math.multiplyExact(problem.shape.batch(), entries.tasks(0));
  }

  @Override
  public void run(int task) {
    if (problem.shape.isUneven()) {
      int i = indexOf(task);
      entries.run(order[i], task - starts[i]);
    } else {
      int perEntry = entries.tasks(0);
      entries.run(task / perEntry, task % perEntry);
    }
  }

  /** The index in {@link #order} of the batch entry that a task belongs to. */
  private int indexOf(int task) {
    int found = Arrays.binarySearch(starts, task);
    if (found < 0) {
      return -found - 2;
    }
    while (starts[found + 1] == task) { // an entry without queries has no task
      found++;
    }
    return found;
  }
}
