/**
 * The command {@code demo}: one sentence through all layers of a real model, on the page of the attention explorer. The self-attention of
 * the first layer is checked against a reference in double and timed, SIMD and scalar.
 *
 * <p>{@link dev.lanewise.bench.cli.demo.DemoCommand} is the only way in and reads from top to bottom: {@code FirstLayer} has the weights,
 * {@code Workload} the steps to time, {@code Timings} their times, {@code Summary} everything for console and page.
 *
 * <p>Pages are drawn by {@code cli.explain}; the demo adds data to a page and has no page of its own.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.demo;
