package dev.lanewise.core;

import dev.lanewise.kernels.Bias;
import dev.lanewise.kernels.internal.Checks;
import dev.lanewise.kernels.internal.Interruption;
import java.util.Arrays;
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

  /**
   * The attention with these positions, for queries that each batch entry counts from its own position on, and keys from 0 on. Batch
   * entries that stand at the same position share what is laid out.
   *
   * @param firstQueries query i of batch entry b stands at firstQueries[b] + i
   * @param keys of the longest batch entry
   * @param buffer the bias is laid out in this array of the scratch, which must be kept until attention is computed
   */
  Attention applyFrom(Attention attention, int[] firstQueries, int queries, int keys, Scratch scratch, int buffer) {
    int head = Checks.product("queries", queries, "keys", keys);
    int entry = Checks.product("numHeads", numHeads, "queries * keys", head);
    boolean alike = Arrays.stream(firstQueries).distinct().count() <= 1;
    int entries = alike ? Math.min(1, firstQueries.length) : firstQueries.length;
    float[] data = scratch.floats(buffer, Checks.product("batch", entries, "numHeads * queries * keys", entry));
    for (int b = 0; b < entries; b++) {
      fill(firstQueries[b], queries, keys, data, b * entry);
    }
    return attention.withBias(new Bias(data, 0, alike ? 0 : entry, head, keys, 1));
  }

  private Bias bias(int queries, int keys) {
    float[] data = new float[Checks.product("numHeads", numHeads, "queries * keys", Checks.product("queries", queries, "keys", keys))];
    fill(keys - queries, queries, keys, data, 0);
    return Bias.ofHeads(data, queries, keys);
  }

  /** Lays out heads × queries × keys from {@code at} on; query i stands at firstQuery + i. A row is the row before it, moved by a key. */
  private void fill(int firstQuery, int queries, int keys, float[] data, int at) {
    for (int j = 0; j < keys && queries > 0; j++) {
      int bucket = buckets.bucket(j - firstQuery);
      for (int head = 0; head < numHeads; head++) {
        data[at + head * queries * keys + j] = table[bucket * numHeads + head];
      }
    }
    for (int i = 1; i < queries && keys > 0; i++) {
      Interruption.check();
      int bucket = buckets.bucket(-(firstQuery + i));
      for (int head = 0; head < numHeads; head++) {
        int row = at + (head * queries + i) * keys;
        data[row] = table[bucket * numHeads + head];
        System.arraycopy(data, row - keys, data, row + 1, keys - 1);
      }
    }
  }

  @Override
  public String toString() {
    return "relativePositions(" + numHeads + ", " + buckets + ")";
  }
}
