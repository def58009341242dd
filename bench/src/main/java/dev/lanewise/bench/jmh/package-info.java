/**
 * JMH benchmarks of the scalar path against the SIMD path: one idea a class, two methods, named after the path they take.
 *
 * <p>Every class checks in its setup that both paths agree, so a broken kernel stops the run instead of winning it. Scores are calls a
 * second; {@code gflops} and {@code gigabytes} beside them are 10⁹ operations and bytes a second.
 *
 * <pre>{@code
 * java --add-modules jdk.incubator.vector -cp bench/target/lanewise-bench.jar org.openjdk.jmh.Main ProductBenchmark
 * }</pre>
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.jmh;
