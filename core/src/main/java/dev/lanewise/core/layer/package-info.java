/**
 * Layers of a transformer: projections, norms, multi-head attention, feed-forward networks, and stacks of layers with their state.
 *
 * <p>Users come in by {@link dev.lanewise.core.layer.MultiHeadAttention#builder}, by the {@code of} of each layer, or by {@link
 * dev.lanewise.core.layer.TransformerLayer#encoder} and its siblings. A layer is immutable and computes with {@code forward}; only a {@link
 * dev.lanewise.core.layer.StackState} changes. {@code core.weights} makes layers of files.
 *
 * <p>A layer checks all shapes before it writes anything. It takes buffers from a pool and returns them. Scores, masks and positions are
 * described elsewhere; a layer only passes them on.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.layer;
