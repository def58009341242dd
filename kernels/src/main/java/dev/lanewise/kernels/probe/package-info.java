/**
 * The limits of one core, which benchmarks compare kernels with: multiply-adds a second and bytes a second.
 *
 * <p>Only the module dev.lanewise.bench comes in, by {@link dev.lanewise.kernels.probe.Probe}. No other package may depend on this one, and
 * no result of a call may depend on a measurement.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.probe;
