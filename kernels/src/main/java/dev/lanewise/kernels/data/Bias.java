package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.ScoreView;
import java.util.Objects;

/**
 * Values that are added to the scores, one for batch entry b, query head h, query q and key k. A bias of −∞ masks the key, whatever its K
 * and V hold. The array is not copied.
 *
 * <pre>{@code
 * attention.withBias(Bias.of(bias, queries, keys)).compute(query, key, value, output); // the same for every head
 * }</pre>
 */
public final class Bias {
  private final float[] data;
  private final ScoreView view;

  private Bias(float[] data, ScoreView view) {
    this.data = data;
    this.view = view;
  }

  /**
   * A view with strides: {@code data[offset + b * batchStride + h * headStride + q * queryStride + k * keyStride]}. A stride of 0
   * broadcasts. Whether the array holds every element is checked with the shape of a call. A call is refused if it has more keys, queries
   * or heads than the strides leave room for, because it would read values of another row.
   *
   * @param data the array that holds the elements
   * @param offset index of the element of b = h = q = k = 0
   * @param batchStride distance between batch entries, in elements
   * @param headStride distance between query heads
   * @param queryStride distance between queries
   * @param keyStride distance between keys
   * @throws IllegalArgumentException if a number is negative
   */
  public Bias(float[] data, int offset, int batchStride, int headStride, int queryStride, int keyStride) {
    this(Objects.requireNonNull(data, "bias.data"), ScoreView.ofStrides("bias", offset, batchStride, headStride, queryStride, keyStride));
  }

  /**
   * A dense array whose axes are aligned with batch × heads × queries × keys from the right, as NumPy and ONNX align them. An axis of 1, or
   * none, broadcasts; another size must be that of the call. {@code of(data, keys)} holds a value for each key.
   *
   * @param shape 1 to 4 sizes, for packed sequences those of the longest sequence
   * @throws IllegalArgumentException if the sizes are not those of the array
   */
  public static Bias of(float[] data, int... shape) {
    return new Bias(data, ScoreView.ofShape("bias", Objects.requireNonNull(data, "bias.data").length, shape));
  }

  /** The array that holds the elements. */
  public float[] data() {
    return data;
  }

  /**
   * Distance between keys.
   *
   * @hidden
   */
  public int keyStride() {
    return view.keyStride();
  }

  /**
   * Index in {@link #data} of the element of a query and key 0.
   *
   * @hidden
   */
  public int index(int batchEntry, int queryHead, int query) {
    return view.index(batchEntry, queryHead, query);
  }

  /**
   * Checks the sizes of a call against the shape and the array.
   *
   * @hidden
   */
  public void check(String name, int batch, int heads, int queries, int keys) {
    view.check(name, data.length, batch, heads, queries, keys);
    view.checkRoom(name, batch, heads, queries, keys);
  }
}
