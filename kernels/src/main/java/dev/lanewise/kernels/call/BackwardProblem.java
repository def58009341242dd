package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Checks;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The description of the backward pass of one attention call, checked when it is made. With P the weights, O the output, S the scores and
 * d… the gradient of the loss ("FlashAttention-2", Dao, 2023, section 2.2, algorithm 2), for softmax:
 *
 * <pre>
 * P  = e^(S − logSumExp)                 recomputed, never stored
 * dV = Pᵀ · dO
 * dP = dO · Vᵀ
 * dS = P ∘ (dP − rowsum(dO ∘ O) + dLogSumExp)
 * dQ = scale · dS · K,  dK = scale · dSᵀ · Q
 * </pre>
 *
 * A row that sees no key has gradient 0. A key that a query does not see adds nothing, whatever it holds.
 */
public final class BackwardProblem {
  /** The forward call: its shape, formula, mask, scale and values. It has no results. */
  public final AttentionProblem forward;

  /** The output of the forward call, batch × queryHeads × queries × valueDim. */
  public final Heads output;

  /** The log-sum-exp of the forward call, dense batch × queryHeads × queries; null for a normaliser that has none. */
  public final float @Nullable [] logSumExp;

  /** The gradient of the loss by the output, with its shape. */
  public final Heads outputGradient;

  /** The gradient of the loss by the log-sum-exp, with its shape; null for 0. */
  public final float @Nullable [] logSumExpGradient;

  /** The gradients that are wanted. */
  public final GradientResults gradients;

  /**
   * Describes a backward pass.
   *
   * @param forward the forward call: not cached, with values, without results
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  public BackwardProblem(
      AttentionProblem forward,
      Heads output,
      float @Nullable [] logSumExp,
      Heads outputGradient,
      float @Nullable [] logSumExpGradient,
      GradientResults gradients) {
    this.forward = forward;
    this.output = Objects.requireNonNull(output, "output");
    this.logSumExp = logSumExp;
    this.outputGradient = Objects.requireNonNull(outputGradient, "outputGradient");
    this.logSumExpGradient = logSumExpGradient;
    this.gradients = gradients;
    if (forward.shape.isCached()) {
      throw new IllegalArgumentException("keys are cached, but a backward pass needs keys and values in arrays");
    }
    checkFormula();
    checkInputs();
    checkGradients();
  }

  /** Refuses functions of the caller without a derivative. Each component of a formula is answered here. */
  private void checkFormula() {
    switch (forward.formula) {
      case ScoreFormula(_, _, List<ScoreChange> changes, _, RowFunction weightFunction, _) -> {
        if (weightFunction != null) {
          throw new IllegalArgumentException("the function of withWeightFunction has no derivative, which a backward pass needs");
        }
        for (ScoreChange change : changes) {
          if (change instanceof ScoreChange.Function(_, RowFunction derivative) && derivative == null) {
            throw new IllegalArgumentException(
                "the function of withScoreFunction has no derivative, which a backward pass needs: give it as the second argument");
          }
        }
      }
    }
  }

  private void checkInputs() {
    CallShape shape = forward.shape;
    shape.checkValue(forward.value());
    checkOutput("output", output);
    checkOutput("outputGradient", outputGradient);
    boolean softmax = forward.formula.normaliser().hasLogSumExp();
    if (softmax && logSumExp == null) {
      throw new IllegalArgumentException("logSumExp is null, but the backward pass of softmax needs it");
    }
    if (!softmax && logSumExpGradient != null) {
      throw new IllegalArgumentException("logSumExpGradient is given, but only softmax has a logSumExp");
    }
    checkRows("logSumExp", logSumExp);
    checkRows("logSumExpGradient", logSumExpGradient);
  }

  private void checkOutput(String name, Heads view) {
    Heads query = forward.shape.query();
    Checks.same(name + ".batch", view.batch(), "query.batch", query.batch());
    Checks.same(name + ".heads", view.heads(), "query.heads", query.heads());
    Checks.same(name + ".rows", view.rows(), "query.rows", query.rows());
    Checks.same(name + ".width", view.width(), "value.width", forward.value().width());
  }

  private void checkRows(String name, float @Nullable [] rows) {
    if (rows != null) {
      Heads query = forward.shape.query();
      long expected = (long) query.batch() * query.heads() * query.rows();
      Checks.same(name + ".length", rows.length, "query.batch * query.heads * query.rows", expected);
    }
  }

  private void checkGradients() {
    BackwardChecks checks = new BackwardChecks(this);
    checks.view("query gradient", gradients.query(), "query", forward.shape.query());
    checks.view("key gradient", gradients.key(), "key", forward.shape.key());
    checks.view("value gradient", gradients.value(), "value", forward.value());
    checks.bias("bias", gradients.bias(), false);
    checks.bias("positionBias", gradients.positionBias(), true);
    checks.parameters();
  }

  /** The array of the gradient of a change of the scores that is a bias; null if it is not wanted. */
  public float @Nullable [] biasTarget(ScoreChange change) {
    return switch (change) {
      case ScoreChange.AddedBias added -> added.ofPositions() ? gradients.positionBias() : gradients.bias();
      case ScoreChange.Softcap _, ScoreChange.Alibi _, ScoreChange.Function _ -> null;
    };
  }

  /** An estimate of the number of floating-point operations. */
  public long work() {
    long factor = forward.formula.similarity().kind() == Similarity.Kind.DOT ? 5 : 10;
    return factor * forward.work();
  }
}
