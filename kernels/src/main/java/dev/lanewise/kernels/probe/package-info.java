/** The limits of one core, which benchmarks measure. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.probe;
