package dev.lanewise.core;

import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * A view of a float array as batch × rows × width, the input and output of layers: element (b, r, c) is {@code data[offset + b *
 * batchStride + r * rowStride + c]}.
 *
 * <p>For an example see {@link dev.lanewise.core.layer.MultiHeadAttention}.
 *
 * @param data the array that holds the elements
 * @param offset index of element (0, 0, 0)
 * @param batch number of sequences
 * @param rows rows (positions) of each sequence
 * @param width elements of each row, such as embedDim
 * @param batchStride distance between sequences, in elements
 * @param rowStride distance between rows
 */
public record SequenceBatch(float[] data, int offset, int batch, int rows, int width, int batchStride, int rowStride) {

  /**
   * Checks that every element of the view is inside the array.
   *
   * @throws IllegalArgumentException if a number is negative or the view exceeds the end of {@code data}
   */
  public SequenceBatch {
    Objects.requireNonNull(data, "data");
    Checks.atLeast("offset", offset, 0);
    Checks.atLeast("batch", batch, 0);
    Checks.atLeast("rows", rows, 0);
    Checks.atLeast("width", width, 0);
    Checks.atLeast("batchStride", batchStride, 0);
    Checks.atLeast("rowStride", rowStride, 0);
    if (batch > 0 && rows > 0 && width > 0) {
      Checks.fits("data", data.length, offset + (batch - 1L) * batchStride + (rows - 1L) * rowStride + width);
    }
  }

  /** A view of a dense array with the layout batch, row (PyTorch's batch-first {@code [B, L, E]}). */
  public static SequenceBatch of(float[] data, int batch, int rows, int width) {
    return new SequenceBatch(data, 0, batch, rows, width, Checks.product("rows", rows, "width", width), width);
  }

  /** A view over a new array of zeros. */
  public static SequenceBatch zeros(int batch, int rows, int width) {
    int size = Checks.product("batch", batch, "rows * width", Checks.product("rows", rows, "width", width));
    return of(new float[size], batch, rows, width);
  }

  /**
   * Views the same elements with each row split into {@code heads} adjacent heads; nothing is copied.
   *
   * @throws IllegalArgumentException if {@code heads} is below 1, or the width is not a multiple of it
   */
  public Heads split(int heads) {
    Checks.atLeast("heads", heads, 1);
    Checks.multiple("width", width, "heads", heads);
    return new Heads(data, offset, batch, heads, rows, width / heads, batchStride, width / heads, rowStride);
  }

  /** The batch entries {@code from} (inclusive) to {@code to} (exclusive). */
  public SequenceBatch batch(int from, int to) {
    Checks.range("batch", from, to, batch);
    return new SequenceBatch(data, start(from, to, batchStride), to - from, rows, width, batchStride, rowStride);
  }

  /** The rows {@code from} (inclusive) to {@code to} (exclusive) of every batch entry. */
  public SequenceBatch rows(int from, int to) {
    Checks.range("rows", from, to, rows);
    return new SequenceBatch(data, start(from, to, rowStride), batch, to - from, width, batchStride, rowStride);
  }

  /** The columns {@code from} (inclusive) to {@code to} (exclusive) of every row, for instance the query, key or value of packed rows. */
  public SequenceBatch columns(int from, int to) {
    Checks.range("columns", from, to, width);
    return new SequenceBatch(data, start(from, to, 1), batch, rows, to - from, batchStride, rowStride);
  }

  /** The offset of a slice; an empty slice keeps the offset of this view. */
  private int start(int from, int to, int stride) {
    return from == to || batch == 0 || rows == 0 || width == 0 ? offset : offset + from * stride;
  }

  /** Copies every element to the same place in {@code target}, as {@link Heads#copyTo(Heads)} does. */
  public void copyTo(SequenceBatch target) {
    split(1).copyTo(target.split(1));
  }

  /**
   * The element at (b, row, column).
   *
   * @throws IndexOutOfBoundsException if there is none
   */
  public float get(int b, int row, int column) {
    Checks.index("b", b, batch);
    Checks.index("row", row, rows);
    Checks.index("column", column, width);
    return data[index(b, row) + column];
  }

  /**
   * Array {@code which} of a scratch as a row of {@code width} for each row of {@code source}.
   *
   * @hidden
   */
  @SuppressWarnings("exports") // other packages of this module call it
  public static SequenceBatch buffer(Scratch scratch, int which, SequenceBatch source, int width) {
    int size = Checks.product("batch * rows", Checks.product("batch", source.batch, "rows", source.rows), "width", width);
    return of(scratch.floats(which, size), source.batch, source.rows, width);
  }

  /**
   * Index of the first element of a row.
   *
   * @hidden
   */
  public int index(int b, int row) {
    return offset + b * batchStride + row * rowStride;
  }

  /**
   * Tells whether the distance between consecutive rows is the same through all batch entries, so that {@link #merged} exists.
   *
   * @hidden
   */
  public boolean isEven() {
    return batch <= 1 || rows == 1 || batchStride == (long) rows * rowStride;
  }

  /**
   * The rows of all batch entries as those of one entry. The view must be {@linkplain #isEven even}.
   *
   * @hidden
   */
  public SequenceBatch merged() {
    int stride = rows == 1 && batch > 1 ? batchStride : rowStride;
    return new SequenceBatch(data, offset, 1, Checks.product("batch", batch, "rows", rows), width, 0, stride);
  }

  /**
   * A matrix over the same array: {@code rows} rows of a sequence from {@code row} on, with the {@code columns} elements of each from
   * {@code column} on.
   *
   * @throws IndexOutOfBoundsException if a row or column does not exist
   */
  public Matrix matrix(int b, int row, int rows, int column, int columns) {
    Checks.index("b", b, batch);
    Checks.range("rows", row, row + rows, this.rows);
    Checks.range("columns", column, column + columns, width);
    return new Matrix(data, index(b, row) + column, rows, columns, rowStride);
  }
}
