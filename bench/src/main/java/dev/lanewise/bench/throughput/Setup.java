package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.SeededData;
import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ModelOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.Variant;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.core.Attention;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.probe.Probe;

/**
 * What an operation is made from: the sizes and the variant of attention, the cache and the model asked for, the kernels under test, and
 * the threads that run them.
 */
record Setup(ShapeOptions sizes, VariantOptions options, CacheOptions cache, ModelOptions model, Kernels kernels, Team team) {
  /** The variant of attention on the kernels and threads under test. */
  Variant variant(SeededData data) {
    return options.variant(Attention.standard().withKernels(kernels).withThreads(team.size()), sizes, data);
  }

  /** The limits of the instructions that the kernels under test use. */
  Probe probe() {
    return Probe.of(kernels);
  }
}
