package dev.lanewise.spark.attention;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;

/**
 * Keys, values and queries that a hash computes from their positions, so that every machine makes its own part and nothing is read or sent:
 * for tests of a cluster and for measurements. The numbers are uniform in [−1, 1) and depend on the seed, the position and their place in
 * the row only.
 *
 * <pre>{@code
 * HashedContext source = new HashedContext(7, 1_000_000, 1, 8, 64, 64);
 * ShardedAttention attention = ShardedAttention.of(spark, 16, source);
 * PartialAttention result = attention.attend(source.queries(999_999, 1, 8));
 * }</pre>
 *
 * @param seed contexts with different seeds have different numbers
 * @param positions number of keys
 * @param batch number of batch entries
 * @param heads key/value heads
 * @param headDim elements of a key
 * @param valueDim elements of a value
 */
public record HashedContext(long seed, int positions, int batch, int heads, int headDim, int valueDim) implements ShardSource {
  private static final long serialVersionUID = 1;
  private static final int KEY = 0;
  private static final int VALUE = 1;
  private static final int QUERY = 2;

  /** Checks that the numbers are at least 1. */
  public HashedContext {
    Checks.atLeast("positions", positions, 1);
    Checks.atLeast("batch", batch, 1);
    Checks.atLeast("heads", heads, 1);
    Checks.atLeast("headDim", headDim, 1);
    Checks.atLeast("valueDim", valueDim, 1);
  }

  @Override
  public KeyValueShard shard(int shard, int shards) {
    return rows(ShardSource.first(shard, shards, positions), ShardSource.first(shard + 1, shards, positions));
  }

  /** The keys and values of positions {@code from} (inclusive) to {@code to} (exclusive). */
  public KeyValueShard rows(int from, int to) {
    return KeyValueShard.of(from, numbers(KEY, from, to - from, heads, headDim), numbers(VALUE, from, to - from, heads, valueDim));
  }

  /** Queries of consecutive positions: batch × queryHeads × rows × headDim. */
  public Heads queries(int firstPosition, int rows, int queryHeads) {
    return numbers(QUERY, firstPosition, rows, queryHeads, headDim);
  }

  private Heads numbers(int kind, int first, int rows, int ofHeads, int width) {
    Heads numbers = Heads.zeros(batch, ofHeads, rows, width);
    for (int b = 0; b < batch; b++) {
      for (int head = 0; head < ofHeads; head++) {
        for (int row = 0; row < rows; row++) {
          long place = mix(mix(mix(seed + kind) + b) + head) + first + row;
          int from = numbers.index(b, head, row);
          for (int i = 0; i < width; i++) {
            numbers.data()[from + i] = (mix(mix(place) + i) >> 40) * 0x1p-23f;
          }
        }
      }
    }
    return numbers;
  }

  /** The output function of SplitMix64 (Steele, Lea and Flood, 2014) after one step. */
  private static long mix(long x) {
    long z = x + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
