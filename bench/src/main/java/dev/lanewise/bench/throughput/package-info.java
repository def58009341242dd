/**
 * The command {@code throughput}: times one operation and prints one line of JSON.
 *
 * <p>{@link dev.lanewise.bench.throughput.ThroughputCommand} reads the options, {@code Operations} finds the {@code Operation} that they
 * name, {@code Setup} is what an operation is made from, {@code Limits} is what the machine can do at most, and {@code Report} is the line.
 *
 * <p>An operation prepares its data before it is timed, does the same work on the same data in every run, and checks its own result on
 * sampled rows. Sub-packages hold the options, the seeded data and the stopwatch, which other commands use, too; none of them may use this
 * package.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.throughput;
