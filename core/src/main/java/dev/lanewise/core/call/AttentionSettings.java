package dev.lanewise.core.call;

import dev.lanewise.core.Attention;
import dev.lanewise.core.cache.page.CacheWindows;
import dev.lanewise.core.mask.Mask;
import dev.lanewise.core.mask.lowering.Lowering;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.cache.CachedSequence;
import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.PackedSequences;
import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/** The settings of {@link Attention}, as its with… methods set them. */
public record AttentionSettings(ScoreFormula formula, Mask mask, @Nullable PackedSequences sequences, int threads, Kernels kernels) {

  public AttentionSettings withFormula(ScoreFormula newFormula) {
    return new AttentionSettings(newFormula, mask, sequences, threads, kernels);
  }

  public AttentionSettings withMask(Mask newMask) {
    return new AttentionSettings(formula, newMask, sequences, threads, kernels);
  }

  public AttentionSettings withSequences(PackedSequences newSequences) {
    return new AttentionSettings(formula, mask, newSequences, threads, kernels);
  }

  public AttentionSettings withThreads(int newThreads) {
    return new AttentionSettings(formula, mask, sequences, newThreads, kernels);
  }

  public AttentionSettings withKernels(Kernels newKernels) {
    return new AttentionSettings(formula, mask, sequences, threads, newKernels);
  }

  /** Returns settings with this change of the scores by positions, in place of an earlier one. */
  public AttentionSettings withPositions(ScoreChange change) {
    return withFormula(formula.withPositions(change));
  }

  /** The shape of a call without caches. */
  public CallShape shape(Heads query, Heads key) {
    return CallShape.of(query, key, sequences);
  }

  /** The shape of a call over cached keys. */
  public CallShape shape(Heads query, CachedSequence[] cached) {
    return CallShape.of(query, cached, sequences);
  }

  /** Checks that formula and mask fit a call, without reading the elements of its views. The caller checks the results. */
  public void check(CallShape shape) {
    problem(shape, null, CallResults.NONE);
    mask.check(shape);
  }

  /** Describes a call. */
  public AttentionProblem describe(CallShape shape, CallResults results) {
    mask.check(shape);
    Lowering lowering = new Lowering(shape);
    mask.lower(lowering);
    CacheWindows.lower(lowering, mask.windowDepths());
    return problem(shape, lowering, results);
  }

  private AttentionProblem problem(CallShape shape, @Nullable Lowering lowering, CallResults results) {
    return new AttentionProblem(
        CacheWindows.narrow(shape),
        formula,
        lowering == null ? null : lowering.visibility(),
        formula.usesPositions() ? mask.depths() : null,
        results);
  }

  /**
   * Checks that the tree of the mask fits into calls of this shape.
   *
   * @return the depths of its nodes; null if there is no tree
   */
  public int @Nullable [] checkTree(int queries, int keys) {
    Checks.atLeast("queries", queries, 0);
    Checks.atLeast("keys", keys, 0);
    int[] depths = mask.depths();
    if (depths != null) {
      Checks.atMost("parents.length", depths.length, "queries", queries);
      Checks.atMost("parents.length", depths.length, "keys", keys);
    }
    return depths;
  }
}
