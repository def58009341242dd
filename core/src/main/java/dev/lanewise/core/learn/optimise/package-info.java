/**
 * Optimisers, and the loop of a run of training.
 *
 * <p>Users come in by an {@link dev.lanewise.core.learn.optimise.Optimiser} in a loop of their own.
 *
 * <p>A step of an optimiser changes all parameters or none. Its bits depend neither on threads nor on kernels: the loops are plain Java
 * over elements.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.learn.optimise;
