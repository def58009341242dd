/**
 * The {@code throughput} command: {@link dev.lanewise.bench.throughput.ThroughputCommand} reads the options, {@code Operations} finds the
 * {@code Operation} that they name, {@code Stopwatch} times it, {@code Limits} times what the machine can do at most, and {@code Report} is
 * the line of JSON.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.throughput;
