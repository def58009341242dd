package dev.lanewise.core;

import dev.lanewise.kernels.call.CallShape;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;

/**
 * The keys with the largest weights of each query row, largest first. For equal weights the earlier key comes first. A call of {@link
 * Attention#compute(Heads, Heads, Heads, Results)} fills it.
 *
 * <pre>{@code
 * TopKeys top = TopKeys.of(5, batch, heads, queries);
 * attention.compute(query, key, value, Results.of().withTopKeys(top));
 * int largest = top.key(0, 3, 50, 0); // of batch entry 0, head 3, query 50
 * }</pre>
 */
public final class TopKeys {
  private final int count;
  private final int batch;
  private final int heads;
  private final int queries;
  private final int[] keys;
  private final float[] weights;

  private TopKeys(int count, int batch, int heads, int queries) {
    this.count = count;
    this.batch = batch;
    this.heads = heads;
    this.queries = queries;
    int rows = Checks.product("batch * heads", Checks.product("batch", batch, "heads", heads), "queries", queries);
    int size = Checks.product("count", count, "batch * heads * queries", rows);
    this.keys = new int[size];
    this.weights = new float[size];
    clear();
  }

  /**
   * Creates an empty result for the {@code count} largest weights of each row.
   *
   * @param batch batch entries of the query; 1 if sequences are packed
   * @param heads query heads
   * @param queries query rows
   * @throws IllegalArgumentException if count is below 1, another number is negative, or there are more than 2<sup>31</sup> − 1 elements
   */
  public static TopKeys of(int count, int batch, int heads, int queries) {
    Checks.atLeast("count", count, 1);
    Checks.atLeast("batch", batch, 0);
    Checks.atLeast("heads", heads, 0);
    Checks.atLeast("queries", queries, 0);
    return new TopKeys(count, batch, heads, queries);
  }

  /**
   * The key of a rank, from 0 on; −1 if fewer keys have a weight other than 0 and NaN.
   *
   * @throws IndexOutOfBoundsException if an argument is below 0, or not below the number that {@link #of} was given
   */
  public int key(int batchEntry, int head, int query, int rank) {
    return keys[index(batchEntry, head, query, rank)];
  }

  /**
   * The weight of {@link #key}; 0 if there is none.
   *
   * @throws IndexOutOfBoundsException as for {@link #key}
   */
  public float weight(int batchEntry, int head, int query, int rank) {
    return weights[index(batchEntry, head, query, rank)];
  }

  private int index(int batchEntry, int head, int query, int rank) {
    Checks.index("batchEntry", batchEntry, batch);
    Checks.index("head", head, heads);
    Checks.index("query", query, queries);
    Checks.index("rank", rank, count);
    return index(batchEntry, head, query) + rank;
  }

  private int index(int b, int head, int query) {
    return ((b * heads + head) * queries + query) * count;
  }

  void check(Heads query) {
    Checks.same("topKeys.batch", batch, "query.batch", query.batch());
    Checks.same("topKeys.heads", heads, "query.heads", query.heads());
    Checks.same("topKeys.queries", queries, "query.rows", query.rows());
  }

  void clear() {
    Arrays.fill(keys, -1);
    Arrays.fill(weights, 0);
  }

  RowFunction collector(CallShape shape) {
    return (row, offset, length, b, head, position, firstKey) -> {
      int from = shape.queryNumber(b, head, position) * count;
      for (int i = 0; i < length; i++) {
        float weight = row[offset + i];
        int last = from + count - 1;
        // masked keys have weight 0; NaN cannot be ordered
        if (weight != 0 && !Float.isNaN(weight) && (keys[last] < 0 || weight > weights[last])) {
          insert(from, firstKey + i, weight);
        }
      }
    };
  }

  private void insert(int from, int key, float weight) {
    int rank = from + count - 1;
    while (rank > from && (keys[rank - 1] < 0 || weight > weights[rank - 1])) {
      keys[rank] = keys[rank - 1];
      weights[rank] = weights[rank - 1];
      rank--;
    }
    keys[rank] = key;
    weights[rank] = weight;
  }
}
