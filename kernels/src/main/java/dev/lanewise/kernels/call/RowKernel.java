package dev.lanewise.kernels.call;

/** A kernel that computes query rows, on one thread at a time. */
public interface RowKernel extends AutoCloseable {
  /** Computes the query rows {@code from} (inclusive) to {@code to} (exclusive) of a unit. */
  void attend(AttentionProblem problem, int unit, int from, int to);

  /** Gives the kernel back. */
  @Override
  default void close() {}
}
