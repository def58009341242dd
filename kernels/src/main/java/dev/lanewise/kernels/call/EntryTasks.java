package dev.lanewise.kernels.call;

/** How one batch entry of an attention call is cut into tasks. The bits of a result do not depend on the cut. */
public interface EntryTasks {
  /** Number of tasks of a batch entry. */
  int tasks(int batchEntry);

  /** Takes the kernel for a number of tasks of a call on the calling thread, to be closed on the same thread. */
  RowKernel open();

  /** Runs task {@code task} of a batch entry. */
  void run(RowKernel kernel, int batchEntry, int task);
}
