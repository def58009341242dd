/**
 * What a call must give: the fuzzer's own reference in double, which shares no code with the library, and how far rounding may bring a
 * result away from it. The fuzzer enters by {@code Model}, a call as plain data, and {@code PlainRow}, one query of it.
 */
@NullMarked
package dev.lanewise.bench.verify.oracle;

import org.jspecify.annotations.NullMarked;
