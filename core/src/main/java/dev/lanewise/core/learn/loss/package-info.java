/**
 * Losses: each computes one number of a batch and the gradient of its inputs.
 *
 * <p>Users come in by {@link dev.lanewise.core.learn.loss.CrossEntropy} for classes and tokens, by {@link
 * dev.lanewise.core.learn.loss.InfoNce} for vectors of pairs, and by {@link dev.lanewise.core.learn.loss.MeanSquaredError} and {@link
 * dev.lanewise.core.learn.loss.CosineLoss} for numbers and scored pairs.
 *
 * <p>A loss knows no parameters and no layers. It is a mean over rows, it is summed in double in the order of the rows, and its gradients
 * are written, not added. A wrong argument is refused before a gradient is written.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.learn.loss;
