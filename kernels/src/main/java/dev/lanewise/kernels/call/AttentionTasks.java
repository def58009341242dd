package dev.lanewise.kernels.call;

/** The work of one attention call, cut into tasks. Different tasks may run on different threads at the same time. */
public interface AttentionTasks {
  /** Number of tasks; they are numbered from 0 to {@code count() - 1}. */
  int count();

  /** Runs one task, which must run exactly once; {@code task} is below {@link #count}. */
  void run(int task);
}
