/**
 * The backward pass of attention: scores and weights are recomputed from the log-sum-exp, a tile of queries and keys at a time, and reach
 * memory in no other form than as gradients of queries, keys and values.
 *
 * <p>The package {@code simd} comes in by {@link dev.lanewise.kernels.simd.backward.BackwardPlan}, which hands to plain Java what the
 * kernel does not do. {@link dev.lanewise.kernels.simd.backward.FusedBackward} is the loop over tiles; the tile, its scores, changes and
 * mask are those of {@code simd.fused}.
 *
 * <p>The cut into tasks and the order of sums depend on the shape only: the bits are the same on any number of threads.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.backward;
