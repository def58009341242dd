/**
 * Matrix products: the loops around a micro-kernel, the micro-kernels themselves, and the variants for few rows and for long sums.
 *
 * <p>The door comes in by {@link dev.lanewise.kernels.simd.product.BlockedProduct}; attention uses the micro-kernel alone.
 *
 * <p>Each result is one chain of fused multiply-adds in the order of the inner index, whatever the blocks. No class here may change that
 * order, because the bits of every result depend on it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.product;
