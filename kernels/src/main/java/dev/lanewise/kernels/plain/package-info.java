/**
 * The plain Java path: every kernel written for readers, with the same results as the SIMD path up to rounding.
 *
 * <p>The door comes in by {@link dev.lanewise.kernels.plain.ScalarKernels}. SIMD kernels use single functions of this package where lanes
 * gain nothing.
 *
 * <p>This path runs on every JVM: no class here names the Vector API. Sums are float or double as the Javadoc of each kernel says, and a
 * row has the same bits for any number of threads.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.plain;
