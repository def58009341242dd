/**
 * The values that a caller hands to a kernel: views of float arrays ({@link dev.lanewise.kernels.data.Heads}, {@link
 * dev.lanewise.kernels.data.Matrix}), and the components of a formula ({@link dev.lanewise.kernels.data.Bias}, {@link
 * dev.lanewise.kernels.data.Similarity}, {@link dev.lanewise.kernels.data.Normaliser}, {@link dev.lanewise.kernels.data.Activation}).
 *
 * <p>Users create these values with static factories. They are immutable, and a view copies nothing. Constructors and factories check what
 * can be checked without the rest of the call.
 *
 * <p>No value knows the call that it is part of, and no kernel is here.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.data;
