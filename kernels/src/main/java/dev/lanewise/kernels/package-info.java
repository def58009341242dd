/**
 * The door to the arithmetic: {@link dev.lanewise.kernels.Kernels} checks every argument of a call once and hands the work to SIMD or to
 * plain Java.
 *
 * <p>Users come in here for single products, softmax, norms, activations and rotations on the calling thread. The module dev.lanewise.core
 * comes in here for attention.
 *
 * <p>No arithmetic happens here. Checks that every path needs belong here; what a path cannot do, the path itself answers.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels;
