/**
 * Kernels that treat elements or rows by themselves: exp, softmax, norms, activations, rotation.
 *
 * <p>The SIMD door calls them for whole matrices, products and attention call them for rows in a cache of the processor.
 *
 * <p>Loops repeat formulas in place where a call would keep C2 from registers; the comment beside the formula says so. No class here
 * allocates, and none knows attention.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.elementwise;
