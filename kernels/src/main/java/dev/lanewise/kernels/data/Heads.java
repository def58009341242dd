package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * A view of a float array as batch × heads × rows × width. Element (b, h, r, c) is {@code data[offset + b * batchStride + h * headStride +
 * r * rowStride + c * columnStride]}. Nothing is copied; a stride of 0 repeats (for reading only).
 *
 * <pre>{@code
 * Heads query = Heads.of(q, batch, heads, rows, 64); // the rows of a head side by side
 * Heads projected = Heads.ofRows(x, batch, rows, heads, 64); // the heads of a row side by side
 * }</pre>
 *
 * @param data the array that holds the elements
 * @param offset index of element (0, 0, 0, 0)
 * @param batch number of batch entries
 * @param heads number of heads
 * @param rows rows of a head: queries or keys
 * @param width elements of a row: headDim or valueDim
 * @param batchStride distance between batch entries, in elements
 * @param headStride distance between heads
 * @param rowStride distance between rows
 * @param columnStride distance between the elements of a row; 1 is fastest
 */
public record Heads(
    float[] data, int offset, int batch, int heads, int rows, int width, int batchStride, int headStride, int rowStride, int columnStride) {

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
    Checks.atLeast("columnStride", columnStride, 0);
    if (batch > 0 && heads > 0 && rows > 0 && width > 0) {
      long head = (rows - 1L) * rowStride + (width - 1L) * columnStride + 1;
      Checks.fits("data", data.length, offset + (batch - 1L) * batchStride + (heads - 1L) * headStride + head);
    }
  }

  /** A view whose rows have their elements side by side: columnStride 1. */
  public Heads(float[] data, int offset, int batch, int heads, int rows, int width, int batchStride, int headStride, int rowStride) {
    this(data, offset, batch, heads, rows, width, batchStride, headStride, rowStride, 1);
  }

  /** A dense array laid out batch, head, row (PyTorch's {@code [B, H, L, D]}). */
  public static Heads of(float[] data, int batch, int heads, int rows, int width) {
    int headStride = Checks.product("rows", rows, "width", width);
    return new Heads(data, 0, batch, heads, rows, width, Checks.product("heads", heads, "rows * width", headStride), headStride, width);
  }

  /** A dense array laid out batch, row, head (PyTorch's {@code [B, L, H, D]}), the layout that a projection writes. */
  public static Heads ofRows(float[] data, int batch, int rows, int heads, int width) {
    int rowStride = Checks.product("heads", heads, "width", width);
    return new Heads(data, 0, batch, heads, rows, width, Checks.product("rows", rows, "heads * width", rowStride), width, rowStride);
  }

  /** A view over a new array of zeros, laid out batch, head, row. */
  public static Heads zeros(int batch, int heads, int rows, int width) {
    int size =
        Checks.product(
            "batch * heads", Checks.product("batch", batch, "heads", heads), "rows * width", Checks.product("rows", rows, "width", width));
    return of(new float[size], batch, heads, rows, width);
  }

  /** A view of the same elements with rows and columns exchanged: batch × heads × width × rows. */
  public Heads transposed() {
    return new Heads(data, offset, batch, heads, width, rows, batchStride, headStride, columnStride, rowStride);
  }

  /**
   * A view of the heads {@code from} (inclusive) to {@code to} (exclusive). In a packed query-key-value array it selects query, key or
   * value.
   *
   * @throws IndexOutOfBoundsException if the view does not have these heads
   */
  public Heads heads(int from, int to) {
    Checks.range("heads", from, to, heads);
    int first = from == to || isEmpty() ? offset : offset + from * headStride;
    return new Heads(data, first, batch, to - from, rows, width, batchStride, headStride, rowStride, columnStride);
  }

  /**
   * A view that repeats the only batch entry of this view {@code newBatch} times.
   *
   * @throws IllegalArgumentException if this view has more or fewer than one, or {@code newBatch} is negative
   */
  public Heads broadcast(int newBatch) {
    Checks.same("batch", batch, "that of a view to broadcast", 1);
    Checks.atLeast("newBatch", newBatch, 0);
    return new Heads(data, offset, newBatch, heads, rows, width, 0, headStride, rowStride, columnStride);
  }

  /**
   * The element at (b, head, row, column).
   *
   * @throws IndexOutOfBoundsException if it lies outside the view
   */
  public float get(int b, int head, int row, int column) {
    Checks.index("b", b, batch);
    Checks.index("head", head, heads);
    Checks.index("row", row, rows);
    Checks.index("column", column, width);
    return data[index(b, head, row, column)];
  }

  /** Index in {@link #data} of the first element of a row. */
  public int index(int b, int head, int row) {
    return offset + b * batchStride + head * headStride + row * rowStride;
  }

  /** Index in {@link #data} of an element. */
  public int index(int b, int head, int row, int column) {
    return index(b, head, row) + column * columnStride;
  }

  /**
   * Copies the row that starts at {@code index}, from {@code column} on, into consecutive elements of {@code target}.
   *
   * @hidden
   */
  public void copyRow(int index, int column, float[] target, int to) {
    for (int c = column; c < width; c++) {
      target[to + c - column] = data[index + c * columnStride];
    }
  }

  /**
   * A matrix of the rows {@code from} (inclusive) to {@code to} (exclusive) of one head.
   *
   * @throws IllegalArgumentException if columnStride is not 1
   * @throws IndexOutOfBoundsException if the view does not have these rows
   */
  public Matrix matrix(int b, int head, int from, int to) {
    Checks.same("columnStride", columnStride, "that of a matrix", 1);
    Checks.index("b", b, batch);
    Checks.index("head", head, heads);
    Checks.range("rows", from, to, rows);
    return new Matrix(data, from == to || width == 0 ? offset : index(b, head, from), to - from, width, rowStride);
  }

  /** Whether the view has no element. */
  public boolean isEmpty() {
    return batch == 0 || heads == 0 || rows == 0 || width == 0;
  }

  /** Index just past the last element. */
  public int end() {
    return isEmpty() ? offset : index(batch - 1, heads - 1, rows - 1, width - 1) + 1;
  }
}
