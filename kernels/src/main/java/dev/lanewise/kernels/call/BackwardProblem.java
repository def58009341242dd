package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.runtime.Checks;
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
      throw new IllegalArgumentException("keys are cached, but a backward pass needs keys and values that are not");
    }
    checkInputs();
    checkGradients();
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
    CallShape shape = forward.shape;
    checkView("query gradient", gradients.query(), "query", shape.query());
    checkView("key gradient", gradients.key(), "key", shape.key());
    checkView("value gradient", gradients.value(), "value", forward.value());
  }

  private static void checkView(String name, @Nullable Heads gradient, String otherName, Heads other) {
    if (gradient != null) {
      ViewChecks.sameShape(name, gradient, otherName, other);
      ViewChecks.writable(name, gradient);
    }
  }

  /** An estimate of the number of floating-point operations. */
  public long work() {
    long factor = forward.formula.similarity().kind() == Similarity.Kind.DOT ? 5 : 10;
    return factor * forward.work();
  }
}
