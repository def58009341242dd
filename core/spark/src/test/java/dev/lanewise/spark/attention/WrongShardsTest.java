package dev.lanewise.spark.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.spark.testing.LocalSpark;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Wrong arguments, shapes and positions are refused with a message that has both numbers, before attention is computed. */
class WrongShardsTest {
  private static KeyValueShard shard(int first, int batch, int heads, int rows, int headDim, int valueDim) {
    return KeyValueShard.of(first, Heads.zeros(batch, heads, rows, headDim), Heads.zeros(batch, heads, rows, valueDim));
  }

  private static void wrong(ThrowingCallable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  @Test
  void shards() {
    wrong(() -> KeyValueShard.of(-1, Heads.zeros(1, 1, 1, 1), Heads.zeros(1, 1, 1, 1)), "first is -1, must be at least 0");
    wrong(() -> KeyValueShard.of(0, Heads.zeros(1, 1, 1, 1), Heads.zeros(2, 1, 1, 1)), "value.batch is 2, but key.batch is 1");
    wrong(() -> KeyValueShard.of(0, Heads.zeros(1, 3, 1, 1), Heads.zeros(1, 2, 1, 1)), "value.heads is 2, but key.heads is 3");
    wrong(() -> KeyValueShard.of(0, Heads.zeros(1, 1, 5, 1), Heads.zeros(1, 1, 4, 1)), "value.rows is 4, but key.rows is 5");
    wrong(
        () -> KeyValueShard.of(Integer.MAX_VALUE, Heads.zeros(1, 1, 1, 1), Heads.zeros(1, 1, 1, 1)),
        "first + key.rows is 2147483648, but the largest number of keys is 2147483647");
  }

  @Test
  void shardsThatDoNotFitEachOther() {
    JavaSparkContext spark = LocalSpark.context();
    wrong(() -> ShardedAttention.of(spark, 0, (i, n) -> shard(i, 1, 1, 1, 1, 1)), "count is 0, must be at least 1");
    wrong(() -> ShardedAttention.of(spark.parallelize(List.of(), 3)), "shards is empty: 3 partitions have 0 shards");
    wrong(
        () -> ShardedAttention.of(spark, 2, (i, n) -> shard(4 * i, 1 + i, 2, 4, 8, 6)),
        "KeyValueShard[positions 4 to 8, 2 × 2 heads of 8, 6].batch is 2, but KeyValueShard[positions 0 to 4, 1 × 2 heads of 8, 6].batch is"
            + " 1");
    wrong(
        () -> ShardedAttention.of(spark, 2, (i, n) -> shard(4 * i, 1, 2 + i, 4, 8, 6)),
        "KeyValueShard[positions 4 to 8, 1 × 3 heads of 8, 6].heads is 3, but KeyValueShard[positions 0 to 4, 1 × 2 heads of 8, 6].heads is"
            + " 2");
    wrong(
        () -> ShardedAttention.of(spark, 2, (i, n) -> shard(4 * i, 1, 2, 4, 8 + i, 6)),
        "KeyValueShard[positions 4 to 8, 1 × 2 heads of 9, 6].headDim is 9, but KeyValueShard[positions 0 to 4, 1 × 2 heads of 8,"
            + " 6].headDim is 8");
    wrong(
        () -> ShardedAttention.of(spark, 2, (i, n) -> shard(4 * i, 1, 2, 4, 8, 6 + i)),
        "KeyValueShard[positions 4 to 8, 1 × 2 heads of 8, 7].valueDim is 7,"
            + " but KeyValueShard[positions 0 to 4, 1 × 2 heads of 8, 6].valueDim is 6");
    wrong(
        () -> ShardedAttention.of(spark, 2, (i, n) -> shard(3 * (1 - i), 1, 1, 4, 8, 8)),
        "position 3 is in two shards: KeyValueShard[positions 0 to 4, 1 × 1 heads of 8, 8]"
            + " and KeyValueShard[positions 3 to 7, 1 × 1 heads of 8, 8]");
    assertThat(spark.getPersistentRDDs()).as("shards that were refused").isEmpty();
  }

  @Test
  void queriesThatDoNotFitTheShards() {
    try (ShardedAttention attention = ShardedAttention.of(LocalSpark.context(), 2, (i, n) -> shard(4 * i, 1, 2, 4, 8, 6));
        KeyValueCache tail = KeyValueCache.builder(2, 8).valueDim(6).capacity(3).build();
        KeyValueCache narrow = KeyValueCache.builder(2, 7).valueDim(6).capacity(3).build()) {
      Heads query = Heads.zeros(1, 4, 1, 8);
      wrong(() -> attention.attend(Heads.zeros(2, 4, 1, 8)), "query.batch is 2, but that of the shards is 1");
      wrong(() -> attention.attend(Heads.zeros(1, 3, 1, 8)), "query.heads is 3, which is not a multiple of the heads of the shards, 2");
      wrong(() -> attention.attend(Heads.zeros(1, 0, 1, 8)), "query.heads is 0, must be at least 1");
      wrong(() -> attention.attend(Heads.zeros(1, 4, 1, 9)), "query.width is 9, but headDim of the shards is 8");
      wrong(() -> attention.attend(Heads.zeros(1, 4, 9, 8)), "query.rows is 9, but the number of positions is 8");
      wrong(() -> attention.attend(query, 1, 2), "positions.length is 2, but query.batch is 1");
      wrong(() -> attention.attend(query, -1), "positions[0] is -1, must be at least 0");
      wrong(() -> attention.withSinks(1, 2).attend(query), "sinks.length is 2, but query.heads is 4");
      wrong(() -> attention.withAlibi(1, 2).attend(query), "slopes.length is 2, but query.heads is 4");
      wrong(() -> attention.attend(query, List.of(tail, tail)), "tails.size() is 2, but the batch of the shards is 1");
      assertThatIllegalArgumentException().isThrownBy(() -> attention.attend(query, narrow)).withMessageContainingAll("7", "8");
    }
  }

  @Test
  void settings() {
    try (ShardedAttention attention = ShardedAttention.of(LocalSpark.context(), 1, (i, n) -> shard(0, 1, 1, 1, 1, 1))) {
      wrong(() -> attention.withScale(Float.NaN), "scale is NaN, must be finite");
      assertThatIllegalArgumentException().isThrownBy(() -> attention.withSoftcap(-1)).withMessageContaining("-1");
      assertThatIllegalArgumentException().isThrownBy(() -> attention.withAlibi(1, Float.NaN)).withMessageContaining("NaN");
      wrong(() -> attention.withSinks(1, Float.NaN), "sinks[1] is NaN, must be finite, or −∞ for none");
      wrong(() -> attention.withWindow(-1, 0), "left is -1, must be at least 0");
      wrong(() -> attention.withWindow(0, -2), "right is -2, must be at least 0");
      wrong(() -> attention.withWindow(0, 0, -3), "sinkKeys is -3, must be at least 0");
    }
  }

  @Test
  void aSourceThatFailsIsNamedByItsOwnMessage() {
    ShardSource failing =
        (shard, shards) -> {
          throw new IllegalStateException("store has no shard " + shard);
        };
    assertThatThrownBy(() -> ShardedAttention.of(LocalSpark.context(), 1, failing)).hasStackTraceContaining("store has no shard 0");
    assertThat(LocalSpark.context().getPersistentRDDs()).isEmpty();
  }
}
