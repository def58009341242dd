package dev.lanewise.kernels.data;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Objects;

/**
 * A rows × columns view of a float array: element (r, c) is {@code data[offset + r * rowStride + c * columnStride]}. Nothing is copied.
 * Views may share an array. A row stride larger than the number of columns skips the elements between the rows. Kernels copy a matrix whose
 * columnStride is not 1 before they read it, and after they have written it.
 *
 * <p>For an example see {@link dev.lanewise.kernels.Kernels}.
 *
 * @param data the array that holds the elements
 * @param offset index of element (0, 0)
 * @param rows number of rows, at least 0
 * @param columns number of columns, at least 0
 * @param rowStride distance from a row to the next, in elements; 0 repeats one row (for reading only)
 * @param columnStride distance between the elements of a row; 1 is fastest
 */
public record Matrix(float[] data, int offset, int rows, int columns, int rowStride, int columnStride) {

  /**
   * Checks that every element of the view is inside the array.
   *
   * @throws IllegalArgumentException if a number is negative or the view reaches past the end of {@code data}
   */
  public Matrix {
    Objects.requireNonNull(data, "data");
    Checks.atLeast("offset", offset, 0);
    Checks.atLeast("rows", rows, 0);
    Checks.atLeast("columns", columns, 0);
    Checks.atLeast("rowStride", rowStride, 0);
    Checks.atLeast("columnStride", columnStride, 0);
    if (rows > 0 && columns > 0) {
      long end = offset + (rows - 1L) * rowStride + (columns - 1L) * columnStride + 1;
      Checks.fits("data", data.length, end);
    }
  }

  /** A view whose rows have their elements side by side: columnStride 1. */
  public Matrix(float[] data, int offset, int rows, int columns, int rowStride) {
    this(data, offset, rows, columns, rowStride, 1);
  }

  /** A dense view of the first {@code rows * columns} elements of {@code data}. */
  public static Matrix of(float[] data, int rows, int columns) {
    return new Matrix(data, 0, rows, columns, columns);
  }

  /** A view over a new array of zeros. */
  public static Matrix zeros(int rows, int columns) {
    return of(new float[Checks.product("rows", rows, "columns", columns)], rows, columns);
  }

  /**
   * The element at {@code row} and {@code column}.
   *
   * @throws IndexOutOfBoundsException if it is outside of the view
   */
  public float get(int row, int column) {
    Checks.index("row", row, rows);
    Checks.index("column", column, columns);
    return data[index(row, column)];
  }

  /** The rows {@code from} (inclusive) to {@code to} (exclusive) as a view of the same array. */
  public Matrix rows(int from, int to) {
    Checks.range("rows", from, to, rows);
    return new Matrix(data, to == from || columns == 0 ? offset : index(from, 0), to - from, columns, rowStride, columnStride);
  }

  /** The columns {@code from} (inclusive) to {@code to} (exclusive) as a view of the same array. */
  public Matrix columns(int from, int to) {
    Checks.range("columns", from, to, columns);
    return new Matrix(data, to == from || rows == 0 ? offset : index(0, from), rows, to - from, rowStride, columnStride);
  }

  /** A view of the same elements with rows and columns exchanged. */
  public Matrix transposed() {
    return new Matrix(data, offset, columns, rows, columnStride, rowStride);
  }

  /** Copies every element to the same place in {@code target}, as {@link Heads#copyTo(Heads)} does. */
  public void copyTo(Matrix target) {
    Checks.same("target.rows", target.rows, "rows", rows);
    Checks.same("target.columns", target.columns, "columns", columns);
    Heads.of(this).copyTo(Heads.of(target));
  }

  /**
   * Whether the elements of a row are side by side in the array.
   *
   * @hidden
   */
  public boolean hasContiguousRows() {
    return columnStride == 1 || columns <= 1;
  }

  /**
   * Whether the rows follow each other without a gap, so that the elements are one contiguous range of the array.
   *
   * @hidden
   */
  public boolean isDense() {
    return hasContiguousRows() && (rows <= 1 || rowStride == columns);
  }

  /**
   * All elements of a dense view as one row.
   *
   * @hidden
   */
  public Matrix flat() {
    return rows <= 1 ? this : new Matrix(data, offset, 1, rows * columns, rows * columns);
  }

  /** Index in {@link #data} of an element. */
  public int index(int row, int column) {
    return offset + row * rowStride + column * columnStride;
  }

  /** Whether the view has no element. */
  public boolean isEmpty() {
    return rows == 0 || columns == 0;
  }

  /** Index just past the last element. */
  public int end() {
    return isEmpty() ? offset : index(rows - 1, columns - 1) + 1;
  }
}
