/**
 * What all SIMD kernels share: the number of lanes, the sizes of tiles, packing, transposes, long sums, and the functions of a vector.
 *
 * <p>{@link dev.lanewise.kernels.simd.lanes.Tiles} is the one table of sizes. {@link dev.lanewise.kernels.simd.lanes.Lanes} holds the one
 * vector species.
 *
 * <p>No class here knows a kernel or a problem. Formulas that C2 must see in place are described here and written out in the loops.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.lanes;
