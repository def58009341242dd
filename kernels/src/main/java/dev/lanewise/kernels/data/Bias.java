package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * A view of the values that are added to the scores: {@code data[offset + b * batchStride + h * headStride + q * queryStride + k *
 * keyStride]} for batch entry b, query head h, query q, key k. A stride of 0 broadcasts. A bias of −∞ masks the key, whatever its K and V
 * hold.
 *
 * <p>A call is refused if it has more keys, queries or heads than the strides leave room for, because it would read values of another row.
 *
 * <pre>{@code
 * attention.withBias(Bias.ofQueriesAndKeys(bias, keys)).compute(query, key, value, output); // the same for every head
 * }</pre>
 *
 * @param data the array that holds the elements
 * @param offset index of the element of b = h = q = k = 0
 * @param batchStride distance between batch entries, in elements
 * @param headStride distance between query heads
 * @param queryStride distance between queries
 * @param keyStride distance between keys
 */
public record Bias(float[] data, int offset, int batchStride, int headStride, int queryStride, int keyStride) {

  /** Checks that no number is negative. Whether the view fits the array is checked with the shape it is used with. */
  public Bias {
    Objects.requireNonNull(data, "bias.data");
    Checks.atLeast("bias.offset", offset, 0);
    Checks.atLeast("bias.batchStride", batchStride, 0);
    Checks.atLeast("bias.headStride", headStride, 0);
    Checks.atLeast("bias.queryStride", queryStride, 0);
    Checks.atLeast("bias.keyStride", keyStride, 0);
  }

  /** One value for each key, the same for all queries. */
  public static Bias ofKeys(float[] data) {
    return new Bias(data, 0, 0, 0, 0, 1);
  }

  /** A dense queries × keys array, the same for all heads and batch entries. */
  public static Bias ofQueriesAndKeys(float[] data, int keys) {
    Checks.atLeast("keys", keys, 0);
    return new Bias(data, 0, 0, 0, Math.max(1, keys), 1);
  }

  /** A dense heads × queries × keys array, the same for all batch entries. */
  public static Bias ofHeads(float[] data, int queries, int keys) {
    int headStride = Checks.product("queries", queries, "keys", keys);
    return new Bias(data, 0, 0, Math.max(1, headStride), Math.max(1, keys), 1);
  }

  /** A dense batch × heads × queries × keys array. */
  public static Bias of(float[] data, int heads, int queries, int keys) {
    int headStride = Checks.product("queries", queries, "keys", keys);
    int batchStride = Checks.product("heads", heads, "queries * keys", headStride);
    return new Bias(data, 0, Math.max(1, batchStride), Math.max(1, headStride), Math.max(1, keys), 1);
  }

  /**
   * Index in {@link #data} of the element of a query and key 0.
   *
   * @hidden
   */
  public int index(int batchEntry, int queryHead, int query) {
    return offset + batchEntry * batchStride + queryHead * headStride + query * queryStride;
  }

  /**
   * Checks that the array holds every element a call asks for, and that no row reaches into another one.
   *
   * @throws IllegalArgumentException with the array's length and the length needed, or with a stride and the room needed
   * @hidden
   */
  public void check(String name, int batch, int heads, int queries, int keys) {
    if (batch > 0 && heads > 0 && queries > 0 && keys > 0) {
      long row = (keys - 1L) * keyStride + 1;
      long rows = offset + (batch - 1L) * batchStride + (heads - 1L) * headStride + (queries - 1L) * queryStride;
      Checks.fits(name + ".data", data.length, rows + row);
      checkRoom(name, ".keyStride", keyStride, keys, batch, heads, queries, 1);
      checkRoom(name, ".queryStride", queryStride, queries, batch, heads, 1, keys);
      checkRoom(name, ".headStride", headStride, heads, batch, 1, queries, keys);
      checkRoom(name, ".batchStride", batchStride, batch, 1, heads, queries, keys);
    }
  }

  /**
   * Checks that an axis steps over all elements of the axes with smaller strides. Two axes with the same stride overlap if both have
   * several elements.
   *
   * @param count number of elements of the axis; the caller passes 1 for the same axis among {@code batch}, {@code heads}, {@code queries}
   *     and {@code keys}
   */
  private void checkRoom(String name, String axis, int stride, int count, int batch, int heads, int queries, int keys) {
    int most = count > 1 ? stride : stride - 1;
    long room = 1 + reach(batch, batchStride, most) + reach(heads, headStride, most);
    room += reach(queries, queryStride, most) + reach(keys, keyStride, most);
    if (stride > 0 && stride < room) {
      throw new IllegalArgumentException(
          name + axis + " is " + stride + ", but the call's rows need at least " + room + ": they would read values of other rows");
    }
  }

  private static long reach(int count, int stride, int most) {
    return stride <= most ? (count - 1L) * stride : 0;
  }
}
