package dev.lanewise.spark.attention;

import dev.lanewise.core.Results;
import dev.lanewise.core.cache.KeyValueCache;
import dev.lanewise.kernels.data.Heads;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;

/**
 * One call: its queries, which are sent to every executor, and what a part of the keys answers.
 *
 * @param positions position of the first query of each batch entry
 * @param query dense batch × heads × rows × headDim
 * @param valueDim elements of a value
 */
record ShardCall(ShardSettings settings, int[] positions, float[] query, int heads, int rows, int headDim, int valueDim)
    implements Serializable {

  static ShardCall of(ShardSettings settings, int[] positions, Heads query, int valueDim) {
    Heads dense = Heads.zeros(query.batch(), query.heads(), query.rows(), query.width());
    query.copyTo(dense);
    return new ShardCall(settings, positions, dense.data(), query.heads(), query.rows(), query.width(), valueDim);
  }

  private Heads queries() {
    return Heads.of(query, positions.length, heads, rows, headDim);
  }

  /** The wire form of the answer of a partition; empty if it has no shard. Runs in a task, with as many threads as the task has cores. */
  Iterator<byte[]> answer(Iterator<KeyValueShard> shards) {
    TaskContext task = TaskContext.get();
    List<PartialAttention> parts = new ArrayList<>();
    while (shards.hasNext()) {
      parts.add(partial(shards.next(), task == null ? 1 : task.cpus()));
    }
    return List.of(parts.isEmpty() ? new byte[0] : PartialAttention.mergeAll(parts).toBytes()).iterator();
  }

  /** Bytes of the wire form of an answer. */
  int answerBytes() {
    return PartialAttention.size(positions.length, heads, rows, valueDim);
  }

  /** The attention to the keys of a shard. */
  PartialAttention partial(KeyValueShard shard, int threads) {
    Heads output = emptyOutput();
    float[] sums = new float[positions.length * heads * rows];
    settings
        .attention(shard.first(), shard.key().rows(), positions, threads)
        .compute(queries(), shard.key(), shard.value(), Results.of().withOutput(output).withLogSumExp(sums));
    return PartialAttention.owning(output, sums);
  }

  /**
   * The attention to cached keys.
   *
   * @param first position of the first row of each cache
   */
  PartialAttention partial(List<KeyValueCache> caches, int first, int threads) {
    Heads output = emptyOutput();
    float[] sums = new float[positions.length * heads * rows];
    int keys = caches.stream().mapToInt(KeyValueCache::rows).max().orElse(0);
    settings.attention(first, keys, positions, threads).compute(queries(), caches, Results.of().withOutput(output).withLogSumExp(sums));
    return PartialAttention.owning(output, sums);
  }

  /** The sinks as a part that has a sum and no values. */
  PartialAttention partial(float[] sinks) {
    float[] sums = new float[positions.length * heads * rows];
    for (int n = 0; n < positions.length * heads; n++) {
      Arrays.fill(sums, n * rows, (n + 1) * rows, sinks[n % heads]);
    }
    return PartialAttention.owning(emptyOutput(), sums);
  }

  private Heads emptyOutput() {
    return Heads.zeros(positions.length, heads, rows, valueDim);
  }
}
