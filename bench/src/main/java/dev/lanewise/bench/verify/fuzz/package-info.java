/**
 * The fuzzer: random calls of attention and of layers, compared with the oracle.
 *
 * <p>Users come in by {@link dev.lanewise.bench.verify.fuzz.FuzzCommand}. It starts a JVM for each path of the kernels, which runs a {@code
 * Session}. {@code PlanGenerator} draws a {@code Plan}, a value for each {@code Option}. A {@code Call} turns the plan into a call of the
 * library and into the plain data that the oracle reads. {@code CallCheck} makes the call and all calls around it, and {@code Comparison}
 * judges the results. {@code Shrinker} makes a failing plan smaller.
 *
 * <p>A new option is one constant of {@code Option}, with its rule in {@code Plan}. Nothing here takes an expected number from the library.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.verify.fuzz;
