package dev.lanewise.kernels;

import dev.lanewise.kernels.internal.Checks;
import java.util.Objects;

/**
 * A view of a float array as batch × heads × rows × width: element (b, h, r, c) is {@code data[offset + b * batchStride + h * headStride +
 * r * rowStride + c]}. Nothing is copied; a stride of 0 repeats (for reading only).
 *
 * @param data the array that holds the elements
 * @param offset index of element (0, 0, 0, 0)
 * @param batch number of batch entries
 * @param heads number of heads
 * @param rows rows a head: queries or keys
 * @param width elements a row: headDim or valueDim
 * @param batchStride distance between batch entries, in elements
 * @param headStride distance between heads
 * @param rowStride distance between rows
 */
public record Heads(float[] data, int offset, int batch, int heads, int rows, int width, int batchStride, int headStride, int rowStride) {

  /**
   * Checks that every element of the view lies inside the array.
   *
   * @throws IllegalArgumentException if a number is negative or the view reaches past the end of {@code data}
   */
  public Heads {
    Objects.requireNonNull(data, "data");
    Checks.atLeast("offset", offset, 0);
    Checks.atLeast("batch", batch, 0);
    Checks.atLeast("heads", heads, 0);
    Checks.atLeast("rows", rows, 0);
    Checks.atLeast("width", width, 0);
    Checks.atLeast("batchStride", batchStride, 0);
    Checks.atLeast("headStride", headStride, 0);
    Checks.atLeast("rowStride", rowStride, 0);
    if (batch > 0 && heads > 0 && rows > 0 && width > 0) {
      // Two products of ints fit in a long, three may not.
      long entry = (heads - 1L) * headStride + (rows - 1L) * rowStride + width;
      Checks.fits("data", data.length, entry);
      Checks.fits("data", data.length, offset + (batch - 1L) * batchStride + entry);
    }
  }

  /** A dense array laid out batch, head, row (PyTorch's {@code [B, H, L, D]}). */
  public static Heads of(float[] data, int batch, int heads, int rows, int width) {
    int headStride = Checks.product("rows", rows, "width", width);
    return new Heads(data, 0, batch, heads, rows, width, Checks.product("heads", heads, "rows * width", headStride), headStride, width);
  }

  /** A view over a new array of zeros, laid out batch, head, row. */
  public static Heads zeros(int batch, int heads, int rows, int width) {
    int size =
        Checks.product(
            "batch * heads", Checks.product("batch", batch, "heads", heads), "rows * width", Checks.product("rows", rows, "width", width));
    return of(new float[size], batch, heads, rows, width);
  }

  /** The element at (b, h, row, column). */
  public float get(int b, int head, int row, int column) {
    Objects.checkIndex(b, batch);
    Objects.checkIndex(head, heads);
    Objects.checkIndex(row, rows);
    Objects.checkIndex(column, width);
    return data[index(b, head, row) + column];
  }

  /** Index in {@link #data} of the first element of a row. */
  public int index(int b, int head, int row) {
    return offset + b * batchStride + head * headStride + row * rowStride;
  }

  /** The rows {@code from} (inclusive) to {@code to} (exclusive) of one head. */
  public Matrix matrix(int b, int head, int from, int to) {
    return new Matrix(data, from == to ? offset : index(b, head, from), to - from, width, rowStride);
  }

  /** Whether the view has no element. */
  public boolean isEmpty() {
    return batch == 0 || heads == 0 || rows == 0 || width == 0;
  }

  /** Index just past the last element. */
  public int end() {
    return isEmpty() ? offset : index(batch - 1, heads - 1, rows - 1) + width;
  }
}
