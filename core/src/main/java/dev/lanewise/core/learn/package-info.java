/**
 * Learning: layers with parameters and gradients, and an explicit backward pass.
 *
 * <p>Users come in by the layers: {@link dev.lanewise.core.learn.TrainableLinear} and its siblings. A {@link dev.lanewise.core.learn.Trace}
 * connects a forward pass with its backward pass. There is no tape: each layer's backward pass takes from the trace exactly what its
 * forward pass kept there. {@code toLayer()} makes the immutable layer of {@code core.layer} for inference, which knows nothing of this
 * package.
 *
 * <p>Parameters have the names that {@code core.weights} reads. Work is cut into tasks by shapes only, and sums have a fixed order: the
 * number of threads must not change a bit.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.learn;
