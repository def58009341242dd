/**
 * The gradients of everything but attention: activations, norms, softmax, cross-entropy, and the sums of rows that learning needs.
 *
 * <p>{@link dev.lanewise.kernels.simd.gradient.VectorGradients} is the way in. Gradients of products are products: the package simd.product
 * computes them.
 *
 * <p>Sums run over columns in vectors and over rows in chains of a fixed length, so that the bits depend on the shape alone. Rows whose
 * numbers are out of the range of float sums are computed in plain Java, in double.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.simd.gradient;
