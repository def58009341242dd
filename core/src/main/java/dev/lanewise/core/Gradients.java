package dev.lanewise.core;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.BackwardProblem;
import dev.lanewise.kernels.call.GradientResults;
import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Similarity;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The gradients that {@link Attention#backward} computes, and the views and arrays it writes them to. Every gradient is written, not added
 * to what the array holds. Immutable: the {@code with…} methods return changed copies.
 *
 * <pre>{@code
 * Gradients gradients = Gradients.of().withQuery(dQuery).withKey(dKey).withValue(dValue);
 * attention.backward(query, key, value, output, logSumExp, outputGradient, gradients);
 * }</pre>
 */
public final class Gradients {
  private static final Gradients NOTHING = new Gradients(GradientResults.NONE, null);

  private final GradientResults results;
  private final float @Nullable [] logSumExpGradient;

  private Gradients(GradientResults results, float @Nullable [] logSumExpGradient) {
    this.results = results;
    this.logSumExpGradient = logSumExpGradient;
  }

  /** No gradients yet. */
  public static Gradients of() {
    return NOTHING;
  }

  private Gradients with(GradientResults newResults) {
    return new Gradients(newResults, logSumExpGradient);
  }

  /** Requests the gradient by query: batch × queryHeads × queries × headDim; 0 for a query that sees no key. */
  public Gradients withQuery(Heads query) {
    Objects.requireNonNull(query, "query gradient");
    GradientResults r = results;
    return with(
        new GradientResults(query, r.key(), r.value(), r.bias(), r.positionBias(), r.slopes(), r.sinks(), r.scale(), r.additiveVector()));
  }

  /** Requests the gradient by key: batch × keyValueHeads × keys × headDim; 0 for a key that no query sees. */
  public Gradients withKey(Heads key) {
    Objects.requireNonNull(key, "key gradient");
    GradientResults r = results;
    return with(
        new GradientResults(r.query(), key, r.value(), r.bias(), r.positionBias(), r.slopes(), r.sinks(), r.scale(), r.additiveVector()));
  }

  /** Requests the gradient by value: batch × keyValueHeads × keys × valueDim; 0 for the value of a key that no query sees. */
  public Gradients withValue(Heads value) {
    Objects.requireNonNull(value, "value gradient");
    GradientResults r = results;
    return with(
        new GradientResults(r.query(), r.key(), value, r.bias(), r.positionBias(), r.slopes(), r.sinks(), r.scale(), r.additiveVector()));
  }

  /**
   * Requests the gradient by the bias of {@link Attention#withBias}. The element of a score has the index that it has in {@link Bias#data};
   * the gradients of all scores that share an element are added up. Elements that belong to no score are not written.
   *
   * @param bias as long as the data of the bias
   */
  public Gradients withBias(float[] bias) {
    Objects.requireNonNull(bias, "bias gradient");
    GradientResults r = results;
    return with(
        new GradientResults(r.query(), r.key(), r.value(), bias, r.positionBias(), r.slopes(), r.sinks(), r.scale(), r.additiveVector()));
  }

  /** Requests the gradient by the bias of the positions of a layer, as {@link #withBias} does for the caller's bias. */
  public Gradients withPositionBias(float[] positionBias) {
    Objects.requireNonNull(positionBias, "positionBias gradient");
    GradientResults r = results;
    return with(
        new GradientResults(r.query(), r.key(), r.value(), r.bias(), positionBias, r.slopes(), r.sinks(), r.scale(), r.additiveVector()));
  }

  /** Requests the gradient by the slopes of {@link Attention#withAlibi}: −Σ dS · distance, one element for each query head. */
  public Gradients withSlopes(float[] slopes) {
    Objects.requireNonNull(slopes, "slopes gradient");
    GradientResults r = results;
    return with(
        new GradientResults(r.query(), r.key(), r.value(), r.bias(), r.positionBias(), slopes, r.sinks(), r.scale(), r.additiveVector()));
  }

  /** Requests the gradient by the sinks of {@link Normaliser#softmaxWithSinks}, one element for each query head. */
  public Gradients withSinks(float[] sinks) {
    Objects.requireNonNull(sinks, "sinks gradient");
    GradientResults r = results;
    return with(
        new GradientResults(r.query(), r.key(), r.value(), r.bias(), r.positionBias(), r.slopes(), sinks, r.scale(), r.additiveVector()));
  }

  /** Requests the gradient by the factor of the similarity ({@link Attention#withScale}): one element. */
  public Gradients withScale(float[] scale) {
    Objects.requireNonNull(scale, "scale gradient");
    GradientResults r = results;
    return with(
        new GradientResults(r.query(), r.key(), r.value(), r.bias(), r.positionBias(), r.slopes(), r.sinks(), scale, r.additiveVector()));
  }

  /** Requests the gradient by the vector of {@link Similarity#additive}, one element for each of its elements. */
  public Gradients withAdditiveVector(float[] vector) {
    Objects.requireNonNull(vector, "additiveVector gradient");
    GradientResults r = results;
    return with(new GradientResults(r.query(), r.key(), r.value(), r.bias(), r.positionBias(), r.slopes(), r.sinks(), r.scale(), vector));
  }

  /**
   * Adds the gradient of the loss by the log-sum-exp of each row, which is read: dense batch × queryHeads × queries. It is needed where the
   * loss depends on {@link Results#withLogSumExp}, as that of merged parts does. Softmax only; the default is 0.
   */
  public Gradients withLogSumExpGradient(float[] gradient) {
    return new Gradients(results, Objects.requireNonNull(gradient, "logSumExpGradient"));
  }

  /** The backward pass as the kernels compute it. */
  BackwardProblem describe(AttentionProblem forward, Heads output, float @Nullable [] logSumExp, Heads outputGradient) {
    if (results.equals(GradientResults.NONE)) {
      throw new IllegalArgumentException("gradients requests nothing");
    }
    return new BackwardProblem(forward, output, logSumExp, outputGradient, logSumExpGradient, results);
  }
}
