/**
 * The command {@code demo}: one sentence through the first attention layer of a real model, SIMD and scalar, checked against a reference in
 * double, timed, and drawn. {@link dev.lanewise.bench.cli.demo.DemoCommand} is the way through it from top to bottom.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.cli.demo;
