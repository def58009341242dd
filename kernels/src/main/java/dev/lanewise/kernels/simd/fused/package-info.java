/**
 * Attention of a tile of queries to tiles of keys, with the softmax kept up to date between them: scores never reach memory.
 *
 * <p>The package {@code simd} comes in by {@link dev.lanewise.kernels.simd.fused.FusedAttention}. {@code TileLoop} is the loop over tiles,
 * up to the weights, and each {@code TileSink} receives the weights. The other classes are steps: scores, changes, mask, normaliser,
 * output.
 *
 * <p>The operations on a row are those of {@link dev.lanewise.kernels.simd.lanes.RowOrder}, independent of other rows, of the tile and of
 * the number of threads. No class here may change that order, because decoding has it too.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.fused;
