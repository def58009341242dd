package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.Variant;
import dev.lanewise.core.Attention;

/**
 * The backward pass of attention alone. It counts five products for each visible score: QKᵀ again, dO·Vᵀ, and those of dQ, dK and dV; with
 * equal widths 10 · headDim operations a score.
 */
final class BackwardOperation {
  private BackwardOperation() {}

  static Operation of(Setup setup) {
    ShapeOptions sizes = setup.sizes();
    BackwardCall call = new BackwardCall(sizes, Attention.standard().withKernels(setup.kernels()).withThreads(setup.team().size()));
    long scores = (long) sizes.batch * sizes.heads * Variant.visiblePairs(sizes.queries, sizes.keys, sizes.causal);
    return new Operation(
        sizes.attention(),
        call::run,
        scores,
        2L * scores * (3L * sizes.headDim + 2L * sizes.valueDim),
        Float.BYTES * call.elements(),
        call::accuracy,
        () -> {});
  }
}
