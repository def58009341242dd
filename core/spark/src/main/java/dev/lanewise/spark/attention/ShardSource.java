package dev.lanewise.spark.attention;

import java.io.Serializable;

/**
 * Makes the shards of a context on the executors: reads them from a store, computes them from tokens, or from their positions.
 *
 * <p>A source must give the same bits whenever it is asked for the same shard. Spark asks again when an executor is lost.
 *
 * <p>{@link ShardedAttention#of(org.apache.spark.api.java.JavaSparkContext, int, ShardSource)} has an example.
 */
@FunctionalInterface
public interface ShardSource extends Serializable {
  /**
   * The keys and values of a shard. Positions of shards ascend with their numbers, and no position is in two shards.
   *
   * @param shard number of the shard, from 0 on
   * @param shards number of shards
   */
  KeyValueShard shard(int shard, int shards);

  /**
   * The first position of a shard, if positions are divided evenly: shard {@code shards} begins where the last one ends.
   *
   * @param positions number of all positions
   */
  static int first(int shard, int shards, int positions) {
    return (int) ((long) positions * shard / shards);
  }
}
