package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.call.AttentionTasks;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.BatchTasks;
import dev.lanewise.kernels.call.GradientResults;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.plain.ScalarBackward;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a backward pass into tasks. A task is a run of units if there are enough of them to keep all threads busy; otherwise it is a part of
 * the keys of a unit, and the task that ends last adds the parts of the queries' gradient. The parts depend on the shape only, and one
 * thread adds them in the same order.
 */
public final class BackwardPlan implements AttentionTasks {
  /** Number of units of a call whose keys are not cut, and of parts of all units together in calls of fewer units. */
  private static final int UNITS = 16;

  /** The most floats that the parts of a unit leave. */
  private static final int MOST_FLOATS = 1 << 27;

  /** The least number of keys of a part. */
  private static final int LEAST_KEYS = 256;

  /** The least number of units for each thread, if a task is a run of units, and the most runs. */
  private static final int LEAST_UNITS = 4;

  private static final int MOST_RUNS = 16;

  private final BackwardProblem problem;
  private final int units;
  private final boolean cuts;
  private final int count;

  /** The batch entries in the order of their work, if they differ; otherwise null. */
  private final int @Nullable [] order;

  /** The parts of each unit that have not ended, less {@link #BAD} for each with a gradient that is not finite. */
  private final AtomicIntegerArray unfinished;

  private static final int BAD = 1 << 16;

  /** Guarded by this: what the parts of a unit add to the gradient of the queries. */
  private final @Nullable PartSums[] sums;

  private BackwardPlan(BackwardProblem problem, int threads) {
    this.problem = problem;
    this.units = problem.forward.units();
    this.cuts = threads > 1 && units < (long) LEAST_UNITS * threads;
    this.order = threads > 1 && problem.forward.shape.isUneven() ? BatchTasks.longestFirst(problem.forward) : null;
    this.unfinished = new AtomicIntegerArray(cuts ? units : 0);
    this.sums = new @Nullable PartSums[cuts ? units : 0];
    this.count = cuts ? units * mostParts() : (int) Math.min(units, threads == 1 ? 1 : (long) MOST_RUNS * threads);
    for (int unit = 0; cuts && unit < units; unit++) {
      unfinished.set(unit, parts(unit));
    }
  }

  /** Cuts a backward pass for {@code threads} threads. */
  public static AttentionTasks of(BackwardProblem problem, int threads) {
    if (!supports(problem)) {
      return ScalarBackward.plan(problem);
    }
    return problem.gradients.wantsParameters() ? new ParameterPlan(problem) : new BackwardPlan(problem, threads);
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
              Dropout _) ->
          similarity.kind() == Similarity.Kind.DOT
              && supports(changes)
              && !normaliser.averages()
              && weightFunction == null
              && supportsParameters(problem);
    };
  }

  /** Gradients of scores are those of similarities over the scale, unless a softcap stands between them. */
  private static boolean supportsParameters(BackwardProblem problem) {
    GradientResults wanted = problem.gradients;
    if (!wanted.wantsParameters()) {
      return true;
    }
    boolean ofScores = wanted.bias() != null || wanted.positionBias() != null || wanted.slopes() != null;
    float size = Math.abs(problem.forward.scale);
    return size > 1e-30f
        && size < 1e30f
        && (wanted.scale() == null || wanted.query() != null)
        && (!ofScores || problem.forward.formula.changes().stream().noneMatch(ScoreChange.Softcap.class::isInstance));
  }

  private static boolean supports(List<ScoreChange> changes) {
    for (int i = 0; i < changes.size(); i++) {
      boolean supported =
          switch (changes.get(i)) {
            case ScoreChange.Softcap(float limit) -> limit >= Float.MIN_NORMAL;
            case ScoreChange.AddedBias _, ScoreChange.Alibi _ -> true;
            case ScoreChange.Function _ -> false;
          };
      if (!supported) {
        return false;
      }
    }
    return true;
  }

  /** Number of parts of a unit's keys. */
  private int parts(int unit) {
    int keys = problem.forward.shape.keys(problem.forward.batchEntry(unit));
    long floats = Math.max(1L, (long) problem.forward.rows(unit) * problem.forward.shape.query().width());
    int most = (int) Math.min(keys / LEAST_KEYS, MOST_FLOATS / floats);
    return Math.clamp(Math.ceilDiv(UNITS, units), 1, Math.max(1, most));
  }

  private int mostParts() {
    int most = 1;
    for (int unit = 0; unit < units; unit++) {
      most = Math.max(most, parts(unit));
    }
    return most;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public void run(int task) {
    try (FusedBackward backward = FusedBackward.take()) {
      if (cuts) {
        int most = count / units;
        int unit = unit(task / most);
        if (task % most < parts(unit)) {
          part(backward, unit, task % most);
        }
        return;
      }
      int end = (int) ((task + 1L) * units / count);
      for (int i = (int) ((long) task * units / count); i < end; i++) {
        Interruption.check();
        backward.unit(problem, unit(i), parts(unit(i)));
      }
    }
  }

  private int unit(int place) {
    int heads = problem.forward.shape.key().heads();
    return order == null ? place : order[place / heads] * heads + place % heads;
  }

  private void part(FusedBackward backward, int unit, int part) {
    int parts = parts(unit);
    if (parts == 1) {
      backward.unit(problem, unit, 1);
      return;
    }
    boolean wanted = problem.gradients.query() != null;
    int size = Math.multiplyExact(problem.forward.rows(unit), problem.forward.shape.query().width());
    PartSums held = wanted ? held(unit, Math.multiplyExact(parts, size)) : null;
    boolean finite = backward.part(problem, unit, part, parts, held == null ? null : held.data(), part * size);
    int left = unfinished.addAndGet(unit, finite ? -1 : -1 - BAD);
    if (left % BAD != 0) {
      return;
    }
    boolean allFinite = left == 0;
    if (held != null) {
      allFinite &= held.join(problem, unit, parts);
      giveBack(unit, held);
    }
    if (!allFinite) {
      ScalarBackward.unit(problem, unit);
    }
  }

  private synchronized PartSums held(int unit, int size) {
    PartSums held = sums[unit];
    if (held == null) {
      held = PartSums.take(size);
      sums[unit] = held;
    }
    return held;
  }

  private synchronized void giveBack(int unit, PartSums held) {
    held.giveBack();
    sums[unit] = null;
  }
}
