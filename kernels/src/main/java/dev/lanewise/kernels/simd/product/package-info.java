/**
 * Matrix products: the loops around a micro-kernel, the micro-kernels themselves, and the variants for few rows and for long sums.
 *
 * <p>The door comes in by {@link dev.lanewise.kernels.simd.product.BlockedProduct}; attention has micro-kernels of its own.
 *
 * <p>Each result is one chain of fused multiply-adds in the order of the inner index, whatever the blocks; weighted sums of values have
 * chains of 16 ({@link dev.lanewise.kernels.simd.lanes.RowOrder}). No class here may change that order, because the bits of every result
 * depend on it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.product;
