package dev.lanewise.core.mask.lowering;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.call.Visibility;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;

/**
 * One set of keys for each row of batch × heads × queries. An axis with stride 0 has one entry for all.
 *
 * @param sets the set of each row, in order
 * @param batchStride distance between batch entries, in rows
 * @param headStride distance between query heads
 * @param queryStride distance between queries
 */
public record KeyMap(KeySets sets, int batchStride, int headStride, int queryStride) {

  /** Calls {@code bits} for each word of batch × heads × queries × keys. An axis of length 1 has one entry for all. */
  public static KeyMap of(int batch, int heads, int queries, int keys, Bits bits) {
    int rows = Checks.product("heads", heads, "queries", queries);
    Checks.product("batch", batch, "heads * queries", rows);
    KeySets sets = new KeySets();
    long[] row = new long[Math.ceilDiv(keys, Long.SIZE)];
    for (int b = 0; b < batch; b++) {
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < queries; i++) {
          Interruption.check();
          for (int word = 0; word < row.length; word++) {
            int from = word * Long.SIZE;
            row[word] = bits.keys(b, h, i, from, Math.min(Long.SIZE, keys - from));
          }
          sets.add(row);
        }
      }
    }
    return new KeyMap(sets, batch == 1 ? 0 : rows, heads == 1 ? 0 : queries, queries == 1 ? 0 : 1);
  }

  public boolean contains(int batchEntry, int queryHead, int query, int key) {
    return sets.contains(row(batchEntry, queryHead, query), key);
  }

  public Visibility lower(CallShape shape) {
    return sets.lower(this::row, shape);
  }

  private int row(int batchEntry, int queryHead, int query) {
    return batchEntry * batchStride + queryHead * headStride + query * queryStride;
  }

  /** Supplies up to 64 elements of a map. */
  @FunctionalInterface
  public interface Bits {
    /** Returns bits that tell for i below {@code count} whether the query sees key {@code from + i}. The bits above are 0. */
    long keys(int batchEntry, int queryHead, int query, int from, int count);
  }
}
