package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * A view of a float array as batch × heads × rows × width. Element (b, h, r, c) is {@code data[offset + b * batchStride + h * headStride +
 * r * rowStride + c * columnStride]}. Nothing is copied; a stride of 0 repeats (for reading only). A slice that the view does not have is
 * refused with an {@link IndexOutOfBoundsException}.
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
   * Checks that every element of the view is inside the array.
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
    return of(new float[size(batch, heads, rows, width)], batch, heads, rows, width);
  }

  private static int size(int batch, int heads, int rows, int width) {
    return Checks.product(
        "batch * heads", Checks.product("batch", batch, "heads", heads), "rows * width", Checks.product("rows", rows, "width", width));
  }

  /** Number of elements; refused if it is no array length. */
  int size() {
    return size(batch, heads, rows, width);
  }

  /** A view of a matrix as the only head of the only batch entry. */
  public static Heads of(Matrix matrix) {
    return new Heads(
        matrix.data(), matrix.offset(), 1, 1, matrix.rows(), matrix.columns(), 0, 0, matrix.rowStride(), matrix.columnStride());
  }

  /** A view of the same elements with rows and columns exchanged: batch × heads × width × rows. */
  public Heads transposed() {
    return transposed(Axis.ROW, Axis.COLUMN);
  }

  /** A view of the same elements with two axes exchanged. */
  public Heads transposed(Axis one, Axis other) {
    int[] sizes = {batch, heads, rows, width};
    int[] strides = {batchStride, headStride, rowStride, columnStride};
    for (int[] axes : new int[][] {sizes, strides}) {
      int kept = axes[one.place];
      axes[one.place] = axes[other.place];
      axes[other.place] = kept;
    }
    return new Heads(data, offset, sizes[0], sizes[1], sizes[2], sizes[3], strides[0], strides[1], strides[2], strides[3]);
  }

  /** The batch entries {@code from} (inclusive) to {@code to} (exclusive). */
  public Heads batch(int from, int to) {
    Checks.range("batch", from, to, batch);
    return new Heads(data, start(from, to, batchStride), to - from, heads, rows, width, batchStride, headStride, rowStride, columnStride);
  }

  /** The heads {@code from} (inclusive) to {@code to} (exclusive). In a packed query-key-value array it selects query, key or value. */
  public Heads heads(int from, int to) {
    Checks.range("heads", from, to, heads);
    return new Heads(data, start(from, to, headStride), batch, to - from, rows, width, batchStride, headStride, rowStride, columnStride);
  }

  /** The rows {@code from} (inclusive) to {@code to} (exclusive) of every head. */
  public Heads rows(int from, int to) {
    Checks.range("rows", from, to, rows);
    return new Heads(data, start(from, to, rowStride), batch, heads, to - from, width, batchStride, headStride, rowStride, columnStride);
  }

  /** The columns {@code from} (inclusive) to {@code to} (exclusive) of every row. */
  public Heads columns(int from, int to) {
    Checks.range("columns", from, to, width);
    return new Heads(data, start(from, to, columnStride), batch, heads, rows, to - from, batchStride, headStride, rowStride, columnStride);
  }

  /** The offset of a slice; an empty slice keeps the offset of this view. */
  private int start(int from, int to, int stride) {
    return from == to || isEmpty() ? offset : offset + from * stride;
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
   * @throws IndexOutOfBoundsException if it is outside of the view
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
   * @throws IndexOutOfBoundsException if the view does not have these rows
   */
  public Matrix matrix(int b, int head, int from, int to) {
    Checks.index("b", b, batch);
    Checks.index("head", head, heads);
    Checks.range("rows", from, to, rows);
    return new Matrix(data, from == to || width == 0 ? offset : index(b, head, from), to - from, width, rowStride, columnStride);
  }

  /**
   * Copies every element to the same place in {@code target}. The strides of the two views may differ. The views may overlap: {@code
   * target} receives the elements that this view had before the call.
   *
   * @param target batch × heads × rows × width, written
   * @throws IllegalArgumentException if the shapes differ, or if elements of {@code target} overlap each other
   */
  public void copyTo(Heads target) {
    ViewCopy.copy(this, target);
  }

  /**
   * Rounds every element to 16 bits, to the nearest number and to even between two, in the order batch, head, row, column. A NaN stays a
   * NaN.
   *
   * @param format {@link KeyValueFormat#F16} or {@link KeyValueFormat#BF16}
   * @param target written from {@code from} on
   * @throws IllegalArgumentException if {@code format} is another one, or {@code target} is too short
   */
  public void copyTo(KeyValueFormat format, short[] target, int from) {
    ViewCopy.round(this, format, target, from);
  }

  /**
   * Sets every element, in the order batch, head, row, column, to a number of 16 bits. The conversion is exact.
   *
   * @param format {@link KeyValueFormat#F16} or {@link KeyValueFormat#BF16}
   * @param source read from {@code from} on
   * @throws IllegalArgumentException if {@code format} is another one, {@code source} is too short, or elements of this view overlap
   */
  public void copyFrom(KeyValueFormat format, short[] source, int from) {
    ViewCopy.widen(format, source, from, this);
  }

  /**
   * Checks that the elements of a view that is written do not overlap each other.
   *
   * @throws IllegalArgumentException with the stride that is too small and the least that it must be
   * @hidden
   */
  public void checkWritable(String name) {
    SelfOverlap.check(name, this);
  }

  /** Whether the view has no element. */
  public boolean isEmpty() {
    return batch == 0 || heads == 0 || rows == 0 || width == 0;
  }

  /** Index just past the last element. */
  public int end() {
    return isEmpty() ? offset : index(batch - 1, heads - 1, rows - 1, width - 1) + 1;
  }

  /** An axis of the view. */
  public enum Axis {
    /** Batch entries. */
    BATCH(0),
    /** Heads of a batch entry. */
    HEAD(1),
    /** Rows of a head. */
    ROW(2),
    /** Elements of a row. */
    COLUMN(3);

    private final int place;

    Axis(int place) {
      this.place = place;
    }
  }
}
