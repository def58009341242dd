package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Heads;
import org.jspecify.annotations.Nullable;

/**
 * The gradients that a backward pass computes; null for those that are not wanted. Every gradient is written, not added.
 *
 * @param query the shape of query
 * @param key the shape of key
 * @param value the shape of value
 * @param bias with the offset and the strides of the caller's bias; the gradients of all scores that read an element are added up
 * @param positionBias the same for the bias of positions
 * @param slopes one element for each query head
 * @param sinks one element for each query head
 * @param scale one element: the gradient of the factor of the similarity
 * @param additiveVector one element for each element of the vector of an additive similarity
 */
public record GradientResults(
    @Nullable Heads query,
    @Nullable Heads key,
    @Nullable Heads value,
    float @Nullable [] bias,
    float @Nullable [] positionBias,
    float @Nullable [] slopes,
    float @Nullable [] sinks,
    float @Nullable [] scale,
    float @Nullable [] additiveVector) {

  /** Nothing. */
  public static final GradientResults NONE = new GradientResults(null, null, null, null, null, null, null, null, null);

  /** Whether a gradient of a parameter is wanted, to which several units may contribute. */
  public boolean wantsParameters() {
    return bias != null || positionBias != null || slopes != null || sinks != null || scale != null || additiveVector != null;
  }
}
