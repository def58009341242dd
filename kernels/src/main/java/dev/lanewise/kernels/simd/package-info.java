/**
 * The SIMD path. Its packages, lowest first, are lanes, elementwise, product, stored, fused and decode; this package joins them.
 *
 * <p>{@link dev.lanewise.kernels.simd.VectorKernels} is the only door. It is created by name, after it is known that the JVM has the Vector
 * API. {@link dev.lanewise.kernels.simd.VectorTasks} decides which entries of a batch are decoded and which take the fused kernel.
 *
 * <p>Only this package and those inside of it name classes of the Vector API. Nothing outside may name a class of them, except by the door.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd;
