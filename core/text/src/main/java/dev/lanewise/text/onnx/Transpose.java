package dev.lanewise.text.onnx;

/**
 * Transposes a matrix.
 *
 * @param matrix rows × columns
 * @param transposed columns × rows
 */
record Transpose(float[] matrix, float[] transposed, int rows, int columns) {
  /** Rows and columns of a block, so that the source and the target of a block fit in the first-level cache together. */
  private static final int BLOCK = 32;

  /** Returns a transposed copy of a matrix of rows × columns. */
  static float[] of(float[] matrix, int rows, int columns) {
    Transpose transpose = new Transpose(matrix, new float[matrix.length], rows, columns);
    for (int row = 0; row < rows; row += BLOCK) {
      for (int column = 0; column < columns; column += BLOCK) {
        transpose.copyBlock(row, column);
      }
    }
    return transpose.transposed;
  }

  private void copyBlock(int firstRow, int firstColumn) {
    int rowEnd = Math.min(firstRow + BLOCK, rows);
    int columnEnd = Math.min(firstColumn + BLOCK, columns);
    for (int column = firstColumn; column < columnEnd; column++) {
      for (int row = firstRow; row < rowEnd; row++) {
        transposed[column * rows + row] = matrix[row * columns + column];
      }
    }
  }
}
