/**
 * Attention of a tile of queries to tiles of keys, with the softmax kept up to date between them: scores never reach memory.
 *
 * <p>The package {@code simd} comes in by {@link dev.lanewise.kernels.simd.fused.FusedAttention}. {@code TileLoop} is the loop over tiles,
 * up to the weights, and each {@code TileSink} receives the weights. The other classes are steps: scores, changes, mask, normaliser,
 * output.
 *
 * <p>Tile boundaries are fixed multiples, independent of the mask and of the number of threads. A step must not read a row of another tile
 * of queries.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.fused;
