package dev.lanewise.kernels.call;

/** How one batch entry of an attention call is cut into tasks. The bits of a result do not depend on the cut. */
public interface EntryTasks {
  /** Number of tasks of a batch entry. */
  int tasks(int batchEntry);

  /** Runs task {@code task} of a batch entry. */
  void run(int batchEntry, int task);
}
