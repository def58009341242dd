/** Benchmarks, command line and demo. */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli;
