package dev.lanewise.kernels;

/**
 * An {@link AttentionProblem} cut into tasks for a number of threads, each some rows of one unit. Whole units if there are enough of them
 * to keep all threads busy to the end (keys are packed once a unit and thread), else blocks of rows, the last rows first because under a
 * causal mask they take longest. The bits of a result do not depend on the cut.
 */
public final class AttentionTasks {
  /** Tasks a thread, at least: the last to finish then leaves the others idle for an eighth of the time at most. */
  private static final int TASKS_PER_THREAD = 8;

  private final AttentionProblem problem;
  private final int rowsPerTask;
  private final int tasksPerUnit;

  /** Cuts the problem for {@code threads} threads, of kernels whose tiles hold {@code granularity} rows. */
  AttentionTasks(AttentionProblem problem, int threads, int granularity) {
    this.problem = problem;
    int rows = Math.max(1, (problem.units() == 0 ? 0 : problem.rows(0)));
    long wanted = threads == 1 ? 1 : Math.ceilDiv((long) threads * TASKS_PER_THREAD, Math.max(1, problem.units()));
    int tiles = Math.ceilDiv(rows, granularity);
    this.rowsPerTask = (int) Math.min(rows, Math.max(1, tiles / wanted) * granularity);
    this.tasksPerUnit = (problem.units() == 0 ? 0 : problem.rows(0)) == 0 ? 0 : Math.ceilDiv(rows, rowsPerTask);
  }

  /** How many tasks: 0 to {@code count() - 1}. */
  public int count() {
    return Math.multiplyExact(problem.units(), tasksPerUnit);
  }

  AttentionProblem problem() {
    return problem;
  }

  int unit(int task) {
    return task / tasksPerUnit;
  }

  int fromRow(int task) {
    return (tasksPerUnit - 1 - task % tasksPerUnit) * rowsPerTask;
  }

  int toRow(int task) {
    return Math.min(fromRow(task) + rowsPerTask, (problem.units() == 0 ? 0 : problem.rows(0)));
  }
}
