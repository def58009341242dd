package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.options.CacheOptions;
import dev.lanewise.bench.throughput.options.ShapeOptions;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.bench.throughput.timing.Team;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.probe.Probe;

/**
 * What an operation is made from: the sizes and the variant of attention and the cache asked for, the kernels under test, and the threads
 * that run them.
 */
record Setup(ShapeOptions sizes, VariantOptions variant, CacheOptions cache, Kernels kernels, Team team) {

  /** The limits of the instructions that the kernels under test use. */
  Probe probe() {
    return Probe.of(kernels);
  }
}
