package dev.lanewise.core;

import dev.lanewise.kernels.Bias;
import dev.lanewise.kernels.internal.Checks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A learned bias of each bucket and head, laid out as heads × queries × keys for the attention and kept for the last sizes. */
final class RelativePositions implements ScorePositions {
  private final float[] table;
  private final RelativeBuckets buckets;
  private final int numHeads;

  /** Never changed, but replaced; two threads with different sizes compute it in turn, and both are right. */
  private volatile @Nullable Kept kept;

  private record Kept(int queries, int keys, Bias bias) {}

  RelativePositions(float[] table, RelativeBuckets buckets) {
    Objects.requireNonNull(table, "table");
    Checks.atLeast("table.length", table.length, buckets.numBuckets());
    Checks.multiple("table.length", table.length, "numBuckets", buckets.numBuckets());
    this.table = table.clone();
    this.buckets = buckets;
    this.numHeads = table.length / buckets.numBuckets();
  }

  @Override
  public int numHeads() {
    return numHeads;
  }

  @Override
  public Attention applyTo(Attention attention, int queries, int keys) {
    Objects.requireNonNull(attention, "attention");
    Checks.atLeast("queries", queries, 0);
    Checks.atLeast("keys", keys, 0);
    Kept last = kept;
    if (last == null || last.queries != queries || last.keys != keys) {
      last = new Kept(queries, keys, bias(queries, keys));
      kept = last;
    }
    return attention.withBias(last.bias);
  }

  /** A row is the row before it moved by one key, so all are windows of one sequence of distances. */
  private Bias bias(int queries, int keys) {
    float[] data = new float[Checks.product("numHeads", numHeads, "queries * keys", Checks.product("queries", queries, "keys", keys))];
    if (data.length == 0) {
      return Bias.ofHeads(data, queries, keys);
    }
    float[] byDistance = new float[queries + keys - 1]; // of the distances from −(keys − 1) to queries − 1
    for (int head = 0; head < numHeads; head++) {
      for (int i = 0; i < byDistance.length; i++) {
        byDistance[i] = table[buckets.bucket(i - (keys - 1)) * numHeads + head];
      }
      for (int query = 0; query < queries; query++) {
        // Key 0 is at distance −(query + keys − queries).
        System.arraycopy(byDistance, queries - 1 - query, data, (head * queries + query) * keys, keys);
      }
    }
    return Bias.ofHeads(data, queries, keys);
  }

  @Override
  public String toString() {
    return "relativePositions(" + numHeads + ", " + buckets + ")";
  }
}
