package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.gradient.BackwardKernel;
import dev.lanewise.kernels.call.gradient.BackwardPart;
import dev.lanewise.kernels.call.gradient.BackwardTasks;
import dev.lanewise.kernels.call.gradient.ParameterSums;
import dev.lanewise.kernels.plain.ScalarBackward;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The tasks of a backward pass that also computes gradients of parameters, cut by {@link BackwardTasks}. If any gradient is not finite, the
 * task that ends last recomputes the whole pass in plain Java, because units share the gradients of parameters.
 */
final class ParameterPlan implements AttentionTasks {
  private final BackwardProblem problem;
  private final BackwardTasks tasks;
  private final AtomicInteger unfinished;
  private volatile boolean overflown;

  ParameterPlan(BackwardProblem problem) {
    this.problem = problem;
    this.tasks = new BackwardTasks(problem, () -> new Kernel(FusedBackward.take()));
    this.unfinished = new AtomicInteger(tasks.count());
  }

  /** Computes parts, and notes gradients that are not finite. */
  private final class Kernel implements BackwardKernel {
    private final FusedBackward backward;

    private Kernel(FusedBackward backward) {
      this.backward = backward;
    }

    @Override
    public void run(BackwardProblem call, int unit, BackwardPart part, ParameterSums sums) {
      if (!backward.part(call, unit, part, sums)) {
        overflown = true;
      }
    }

    @Override
    public void close() {
      backward.close();
    }
  }

  @Override
  public int count() {
    return tasks.count();
  }

  @Override
  public void run(int task) {
    tasks.run(task);
    if (unfinished.decrementAndGet() == 0 && overflown) {
      AttentionTasks plain = ScalarBackward.plan(problem);
      for (int i = 0; i < plain.count(); i++) {
        plain.run(i);
      }
    }
  }
}
