/**
 * What the backward passes of both paths share: how a call is cut into tasks, and how gradients of parameters are added up.
 *
 * <p>A path comes in by {@link dev.lanewise.kernels.call.gradient.BackwardTasks} with a kernel that computes a part of a unit. The kernel
 * hands over its sums to {@link dev.lanewise.kernels.call.gradient.ParameterSums} and {@link
 * dev.lanewise.kernels.call.gradient.BiasGradient}.
 *
 * <p>Nothing here depends on the number of threads: the cut and the order of sums follow from the shape of the call and the gradients that
 * are wanted.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.call.gradient;
