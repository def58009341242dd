/**
 * How anything in bench is timed.
 *
 * <p>{@link dev.lanewise.bench.throughput.timing.Stopwatch} warms a call up and times it; {@link
 * dev.lanewise.bench.throughput.timing.Settling} is the warm-up alone, {@link dev.lanewise.bench.throughput.timing.Clock} the source of
 * times, which tests replace. {@link dev.lanewise.bench.throughput.timing.Team} runs the parts of single-threaded work at the same time.
 *
 * <p>No other package has a timing loop of its own, except JMH, which measures in its own way. Nothing here allocates between the readings
 * of a clock.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.throughput.timing;
