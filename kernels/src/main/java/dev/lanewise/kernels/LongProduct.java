package dev.lanewise.kernels;

import org.jspecify.annotations.Nullable;

/** A product of more than {@link Tiles#LONG} inner steps, block by block, whose sums are {@link LongSums}. */
final class LongProduct {
  /** Columns of a block, whole panels. */
  private static final int COLUMNS = 512;

  private LongProduct() {}

  /** Computes a product block by block. */
  static void run(ProductProblem problem, Scratch scratch) {
    for (int row = 0; row < problem.rows(); row += Tiles.BLOCK_ROWS) {
      for (int column = 0; column < problem.columns(); column += COLUMNS) {
        int rows = Math.min(Tiles.BLOCK_ROWS, problem.rows() - row);
        block(problem, row, column, rows, Math.min(COLUMNS, problem.columns() - column), scratch);
      }
    }
  }

  private static void block(ProductProblem problem, int row, int column, int rows, int columns, Scratch scratch) {
    LongSums sums = scratch.longSums;
    sums.open(rows * columns);
    Matrix part = Matrix.of(sums.group(), rows, columns);
    for (int step = 0; step < problem.depth(); step += LongSums.GROUP) {
      int end = Math.min(step + LongSums.GROUP, problem.depth());
      BlockedProduct.run(problem.part(row, column, step, end, Tiles.PIECE, part), scratch);
      sums.add(sums.group(), rows * columns);
    }
    Matrix c = problem.c();
    float @Nullable [] bias = problem.bias();
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        c.data()[c.index(row + i, column + j)] = (float) (sums.sum(i * columns + j) + (bias == null ? 0 : bias[column + j]));
      }
      int from = c.index(row + i, column);
      VectorActivations.row(problem.activation(), c.data(), from, c.data(), from, columns, scratch.lanes);
    }
  }
}
