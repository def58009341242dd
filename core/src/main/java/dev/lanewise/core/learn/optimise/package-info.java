/**
 * Optimisers, and the loop of a run of training.
 *
 * <p>Users come in by {@link dev.lanewise.core.learn.optimise.Training}, which repeats the caller's forward and backward passes, or call an
 * {@link dev.lanewise.core.learn.optimise.Optimiser} in a loop of their own. {@link dev.lanewise.core.learn.optimise.LowRank} trains a few
 * numbers beside a frozen projection.
 *
 * <p>A step of an optimiser changes all parameters or none. Its bits depend neither on threads nor on kernels: the loops are plain Java
 * over elements. A {@link dev.lanewise.core.learn.optimise.Checkpoint} is complete or is not taken.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.learn.optimise;
