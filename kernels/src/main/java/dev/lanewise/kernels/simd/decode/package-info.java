/**
 * Attention of up to 16 queries to cached keys: one pass over the cache, its keys divided between tasks.
 *
 * <p>The package {@code simd} comes in by {@link dev.lanewise.kernels.simd.decode.DecodePlan}, which also answers whether a call can be
 * decoded at all.
 *
 * <p>Where keys are divided depends on their number alone, so that a result has the same bits for any number of threads. Partial results
 * are joined in the order of the keys.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.decode;
