package dev.lanewise.kernels.runtime;

/**
 * The places of an array that is read for every score: element (b, h, q, k) is at {@code offset + b * batchStride + h * headStride + q *
 * queryStride + k * keyStride}. Each size is the number that a call must have, or 1 for any.
 */
public record ScoreView(
    int offset, int batchStride, int headStride, int queryStride, int keyStride, int batch, int heads, int queries, int keys) {

  /** A view with the caller's strides. A stride of 0 broadcasts. */
  public static ScoreView ofStrides(String name, int offset, int batchStride, int headStride, int queryStride, int keyStride) {
    Checks.atLeast(name + ".offset", offset, 0);
    Checks.atLeast(name + ".batchStride", batchStride, 0);
    Checks.atLeast(name + ".headStride", headStride, 0);
    Checks.atLeast(name + ".queryStride", queryStride, 0);
    Checks.atLeast(name + ".keyStride", keyStride, 0);
    return new ScoreView(offset, batchStride, headStride, queryStride, keyStride, 1, 1, 1, 1);
  }

  /** A dense array of 1 to 4 axes, aligned with batch, heads, queries and keys from the right. An axis of 1 broadcasts. */
  public static ScoreView ofShape(String name, int length, int... shape) {
    Checks.atLeast(name + ".shape.length", shape.length, 1);
    Checks.atMost(name + ".shape.length", shape.length, "the number of axes of scores", 4);
    int[] sizes = {1, 1, 1, 1};
    int[] strides = new int[4];
    int elements = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      int axis = 4 - shape.length + i;
      sizes[axis] = shape[i];
      strides[axis] = shape[i] == 1 ? 0 : elements;
      elements = Checks.product(name + ".shape[" + i + "]", shape[i], "the size of the axes after it", elements);
    }
    Checks.same(name + ".data.length", length, "the size of the shape", elements);
    return new ScoreView(0, strides[0], strides[1], strides[2], strides[3], sizes[0], sizes[1], sizes[2], sizes[3]);
  }

  /** Index of key 0 of a query. */
  public int index(int batchEntry, int queryHead, int query) {
    return offset + batchEntry * batchStride + queryHead * headStride + query * queryStride;
  }

  /** Checks that the sizes are those of a call, and that an array of {@code length} has every element that the call reads. */
  public void check(String name, int length, int ofBatch, int ofHeads, int ofQueries, int ofKeys) {
    checkSize(name, ".batch", batch, "batch entries", ofBatch);
    checkSize(name, ".heads", heads, "query heads", ofHeads);
    checkSize(name, ".queries", queries, "queries", ofQueries);
    checkSize(name, ".keys", keys, "keys", ofKeys);
    if (ofBatch > 0 && ofHeads > 0 && ofQueries > 0 && ofKeys > 0) {
      long rows = offset + (ofBatch - 1L) * batchStride + (ofHeads - 1L) * headStride + (ofQueries - 1L) * queryStride;
      Checks.fits(name + ".data", length, rows + (ofKeys - 1L) * keyStride + 1);
    }
  }

  /** Checks that no row of a call reaches into another one, as a call with more rows than the strides were made for does. */
  public void checkRoom(String name, int ofBatch, int ofHeads, int ofQueries, int ofKeys) {
    if (ofBatch > 0 && ofHeads > 0 && ofQueries > 0 && ofKeys > 0) {
      checkRoom(name, ".keyStride", keyStride, ofKeys, ofBatch, ofHeads, ofQueries, 1);
      checkRoom(name, ".queryStride", queryStride, ofQueries, ofBatch, ofHeads, 1, ofKeys);
      checkRoom(name, ".headStride", headStride, ofHeads, ofBatch, 1, ofQueries, ofKeys);
      checkRoom(name, ".batchStride", batchStride, ofBatch, 1, ofHeads, ofQueries, ofKeys);
    }
  }

  /**
   * Checks that an axis steps over all elements of the axes with smaller strides. Two axes with the same stride overlap if both have
   * several elements.
   *
   * @param count number of elements of the axis; the caller passes 1 for the same axis among the four sizes
   */
  private void checkRoom(String name, String axis, int stride, int count, int ofBatch, int ofHeads, int ofQueries, int ofKeys) {
    int most = count > 1 ? stride : stride - 1;
    long room = 1 + reach(ofBatch, batchStride, most) + reach(ofHeads, headStride, most);
    room += reach(ofQueries, queryStride, most) + reach(ofKeys, keyStride, most);
    if (stride > 0 && stride < room) {
      throw new IllegalArgumentException(
          name + axis + " is " + stride + ", but the call's rows need at least " + room + ": they would read values of other rows");
    }
  }

  private static long reach(int count, int stride, int most) {
    return stride <= most ? (count - 1L) * stride : 0;
  }

  private static void checkSize(String name, String axis, int size, String what, int ofCall) {
    if (size != 1 && size != ofCall) {
      Checks.same(name + axis, size, "the call's number of " + what, ofCall);
    }
  }
}
