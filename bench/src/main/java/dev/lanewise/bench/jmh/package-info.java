/**
 * JMH benchmarks of the scalar path against the SIMD path: one operation a class, run by {@code org.openjdk.jmh.Main}.
 *
 * <p>{@link dev.lanewise.bench.jmh.ScalarVersusVector} has the two methods, named after the paths; a benchmark makes inputs, says one call,
 * and counts its operations and bytes. Every class checks in its setup that both paths agree, so a wrong kernel stops the run. Scores are
 * calls a second; {@code gflops} and {@code gigabytes} beside them are 10⁹ operations and bytes a second.
 *
 * <pre>{@code
 * java --add-modules jdk.incubator.vector -cp bench/target/lanewise-bench.jar org.openjdk.jmh.Main ProductBenchmark
 * }</pre>
 *
 * <p>Simple names of benchmarks and of their parameters must stay: results of earlier runs compare by them.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.jmh;
