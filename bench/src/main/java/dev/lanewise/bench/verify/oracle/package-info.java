/**
 * The fuzzer's own truth: what a call must give, in double, and how far rounding may bring a result away from it.
 *
 * <p>The fuzzer comes in by {@code Model}, a call as plain data, by {@code PlainRow}, the results of one query, and by {@code Bounds}, the
 * possible rounding errors of that query. {@code PlainRow} in float is plain float code, the yardstick for errors.
 *
 * <p>This package must share no code with the library or with the library's reference, so that the two truths err independently. It reads
 * nothing but the values of a call.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.verify.oracle;
