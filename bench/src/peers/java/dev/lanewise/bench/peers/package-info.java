/**
 * Other runtimes on the same model, for comparison. Compiled with the profile {@code peers} only, since they are native code, which nothing
 * else here needs.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.bench.peers;
