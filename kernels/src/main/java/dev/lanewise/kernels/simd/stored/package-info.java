/**
 * Products with keys and values as a cache stores them: elements are widened in registers.
 *
 * <p>Decoding and the fused kernel come in by {@link dev.lanewise.kernels.simd.stored.WideningKernel}.
 *
 * <p>No class here writes widened rows to memory, and none knows masks, softmax or sequences.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.stored;
