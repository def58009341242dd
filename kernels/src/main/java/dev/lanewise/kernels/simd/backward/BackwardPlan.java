package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.plain.ScalarBackward;
import java.util.List;

/** Cuts a backward pass into tasks. */
public final class BackwardPlan {
  private BackwardPlan() {}

  public static AttentionTasks of(BackwardProblem problem, int threads) {
    return supports(problem) ? new Units(problem) : ScalarBackward.plan(problem);
  }

  private record Units(BackwardProblem problem) implements AttentionTasks {
    @Override
    public int count() {
      return problem.forward.units();
    }

    @Override
    public void run(int task) {
      try (FusedBackward backward = FusedBackward.take()) {
        backward.unit(problem, task);
      }
    }
  }

  /** Whether the fused kernel computes the gradients of a problem. Each component of a formula is answered here. */
  private static boolean supports(BackwardProblem problem) {
    return switch (problem.forward.formula) {
      case ScoreFormula(
              _,
              Similarity similarity,
              List<ScoreChange> changes,
              Normaliser normaliser,
              RowFunction weightFunction,
              Dropout dropout) ->
          similarity.kind() == Similarity.Kind.DOT
              && changes.isEmpty()
              && normaliser.kind() == Normaliser.Kind.SOFTMAX
              && weightFunction == null
              && dropout == null
              && !problem.gradients.wantsParameters();
    };
  }
}
