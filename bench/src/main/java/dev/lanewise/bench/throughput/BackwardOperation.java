package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.options.ShapeOptions;
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
    long scores = (long) sizes.batch * sizes.heads * pairs(sizes);
    return new Operation(
        sizes.attention(),
        call::run,
        scores,
        2L * scores * (3L * sizes.headDim + 2L * sizes.valueDim),
        Float.BYTES * call.elements(),
        call::accuracy,
        () -> {});
  }

  private static long pairs(ShapeOptions sizes) {
    long pairs = 0;
    for (int i = 0; i < sizes.queries; i++) {
      pairs += sizes.causal ? Math.clamp(i + 1L + sizes.keys - sizes.queries, 0, sizes.keys) : sizes.keys;
    }
    return pairs;
  }
}
