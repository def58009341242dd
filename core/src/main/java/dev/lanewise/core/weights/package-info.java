/**
 * Weights: tensors by name, the files that hold them, and the layers that they make.
 *
 * <p>Users come in by {@link dev.lanewise.core.weights.Safetensors} to open or write a file, by {@link
 * dev.lanewise.core.weights.NamedTensors} for arrays in memory, and by {@link dev.lanewise.core.weights.TorchWeights} to make layers of
 * either.
 *
 * <p>A file is checked completely before a number is read. Messages name the tensor and show no more of a foreign name than is safe. No
 * layer depends on this package.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.weights;
