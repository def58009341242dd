/**
 * The choice between SIMD and plain Java: whether this runtime has the Vector API, and whether its compiler keeps vectors in registers.
 *
 * <p>Only the door, {@code Kernels}, and {@code Probe} come in, by {@link dev.lanewise.kernels.selection.KernelSelection}. No class here
 * may refer to the Vector API, so that each loads on a JVM without it, and none may time a compiler that is known: a program that computes
 * for a second would pay for it.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.selection;
