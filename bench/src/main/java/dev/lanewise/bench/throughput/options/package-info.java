@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.throughput.options;
