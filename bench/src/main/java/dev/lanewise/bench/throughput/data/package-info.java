/**
 * Seeded numbers, the same in every run, and what a result on them should be.
 *
 * <p>{@link dev.lanewise.bench.throughput.data.SeededData} is the source of all numbers, {@link dev.lanewise.bench.throughput.data.Rows}
 * chooses the rows that are checked, {@link dev.lanewise.bench.throughput.data.Accuracy} collects their errors. Operations, peers and JMH
 * benchmarks use them.
 *
 * <p>A seed or the order of numbers must not change without need: figures of earlier runs compare by them.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.throughput.data;
