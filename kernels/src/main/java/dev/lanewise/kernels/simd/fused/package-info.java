/**
 * Attention of a tile of queries to tiles of keys, with the softmax kept up to date between them: scores never reach memory.
 *
 * <p>The package {@code simd} comes in by {@link dev.lanewise.kernels.simd.fused.FusedAttention}. Each other class is one step of its loop:
 * scores, changes, mask, normaliser, output.
 *
 * <p>Tile boundaries are fixed multiples, independent of the mask and of the number of threads. A step must not read a row of another tile
 * of queries.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.fused;
