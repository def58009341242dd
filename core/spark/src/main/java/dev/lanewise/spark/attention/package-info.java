/**
 * Attention to more keys than one machine holds.
 *
 * <p>Applications come in by {@link dev.lanewise.spark.attention.ShardedAttention}. Keys and values stay in the memory of the executors, as
 * {@link dev.lanewise.spark.attention.KeyValueShard shards} of consecutive positions. A call sends the queries to every shard. A shard
 * answers with a {@link dev.lanewise.spark.attention.PartialAttention}: the output and the log-sum-exp over its own keys. Partial results
 * are merged in a fixed order, so that the bits of a result depend on the shards only, and not on executors or on the order of tasks.
 *
 * <p>The arithmetic is in {@code dev.lanewise.core}. Between machines, partial results have the form of {@link
 * dev.lanewise.spark.attention.PartialAttention#toBytes}, with any serializer of Spark.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.spark.attention;
