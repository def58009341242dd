/**
 * The formulas of layers in plain loops: projections, norms, activations and attention over rows of doubles.
 *
 * <p>Tests and benchmarks come in by {@link dev.lanewise.core.reference.layers.ReferenceLayers}; the package is exported to the benchmarks
 * only. Attention itself is {@link dev.lanewise.core.reference.ReferenceAttention}. Nothing here may call a kernel or a layer of the
 * library, which would be measured against itself.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.reference.layers;
