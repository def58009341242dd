package dev.lanewise.spark.attention;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;

/**
 * The shape of a whole context, which all shards share.
 *
 * @param end one past the last position
 */
record ContextLayout(int batch, int heads, int headDim, int valueDim, int end) {

  /** The shape of a shard, as executors report it. No record: Kryo, which may be the serializer, cannot read one. */
  static final class Described implements Serializable {
    private static final long serialVersionUID = 1;

    private final String name;
    private final int first;
    private final int end;
    private final int batch;
    private final int heads;
    private final int headDim;
    private final int valueDim;

    Described(KeyValueShard shard) {
      name = shard.toString();
      first = shard.first();
      end = shard.end();
      batch = shard.key().batch();
      heads = shard.key().heads();
      headDim = shard.key().width();
      valueDim = shard.value().width();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * Asks every shard for its shape, which makes the shards.
   *
   * @throws IllegalArgumentException if there is no shard, shapes differ, or a position is in two shards
   */
  static ContextLayout of(JavaRDD<KeyValueShard> shards) {
    List<Described> all = shards.map(Described::new).collect();
    if (all.isEmpty()) {
      throw new IllegalArgumentException("shards is empty: " + shards.getNumPartitions() + " partitions have 0 shards");
    }
    Described model = all.getFirst();
    for (Described shard : all) {
      same(".batch", shard, shard.batch, model, model.batch);
      same(".heads", shard, shard.heads, model, model.heads);
      same(".headDim", shard, shard.headDim, model, model.headDim);
      same(".valueDim", shard, shard.valueDim, model, model.valueDim);
    }
    List<Described> ascending =
        all.stream().sorted(Comparator.comparingInt((Described shard) -> shard.first).thenComparingInt(shard -> shard.end)).toList();
    for (int i = 1; i < ascending.size(); i++) {
      Described before = ascending.get(i - 1);
      Described next = ascending.get(i);
      if (before.end > next.first) {
        throw new IllegalArgumentException("position " + next.first + " is in two shards: " + before.name + " and " + next.name);
      }
    }
    return new ContextLayout(model.batch, model.heads, model.headDim, model.valueDim, ascending.getLast().end);
  }

  private static void same(String part, Described shard, int actual, Described model, int expected) {
    Checks.same(shard.name, model.name, part, actual, expected);
  }

  /** Checks that queries fit the keys. */
  void check(Heads query) {
    Checks.same("query.batch", query.batch(), "that of the shards", batch);
    Checks.same("query.width", query.width(), "headDim of the shards", headDim);
    Checks.atLeast("query.heads", query.heads(), 1);
    Checks.multiple("query.heads", query.heads(), "the heads of the shards,", heads);
  }
}
