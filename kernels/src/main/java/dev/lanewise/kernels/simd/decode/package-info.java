/**
 * Attention of up to 16 queries to cached keys: one pass over the cache, its keys divided between tasks.
 *
 * <p>The package {@code simd} comes in by {@link dev.lanewise.kernels.simd.decode.DecodePlan}, which also answers whether a call can be
 * decoded at all.
 *
 * <p>The operations on a row are those of {@link dev.lanewise.kernels.simd.lanes.RowOrder}: keys are divided at fixed multiples, and
 * partial results are joined in the order of the keys. A result therefore has the same bits for any number of threads, and those of the
 * fused kernel, except over int8.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.decode;
