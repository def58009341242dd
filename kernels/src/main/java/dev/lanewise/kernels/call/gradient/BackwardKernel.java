package dev.lanewise.kernels.call.gradient;

import dev.lanewise.kernels.call.BackwardProblem;

/** A kernel that computes parts of a backward pass, on one thread at a time. */
public interface BackwardKernel extends AutoCloseable {
  /** Computes the gradients of a part of a unit. Nothing is added to the sums beforehand, nor by another part. */
  void run(BackwardProblem problem, int unit, BackwardPart part, ParameterSums sums);

  /** Gives the kernel back. */
  @Override
  default void close() {}
}
