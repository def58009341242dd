package dev.lanewise.kernels;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sums of more than {@link Tiles#LONG} terms: pieces of {@link Tiles#PIECE} terms in floats, added up in floats to groups of {@link
 * #GROUP}, and groups in double. One chain of 2<sup>20</sup> floats loses up to a tenth of what it adds.
 */
final class LongSums {
  /** Terms of a group. */
  static final int GROUP = Tiles.PIECE * Tiles.PIECE;

  /** Columns of a product at a time, whole panels. */
  private static final int COLUMNS = 512;

  private double[] sums = new double[0];
  private float[] group = new float[0];

  /** Computes a product block by block. */
  void product(ProductProblem problem, Scratch scratch) {
    for (int row = 0; row < problem.rows(); row += Tiles.BLOCK_ROWS) {
      for (int column = 0; column < problem.columns(); column += COLUMNS) {
        int rows = Math.min(Tiles.BLOCK_ROWS, problem.rows() - row);
        block(problem, row, column, rows, Math.min(COLUMNS, problem.columns() - column), scratch);
      }
    }
  }

  private void block(ProductProblem problem, int row, int column, int rows, int columns, Scratch scratch) {
    open(rows * columns);
    Matrix part = Matrix.of(group, rows, columns);
    for (int step = 0; step < problem.depth(); step += GROUP) {
      int end = Math.min(step + GROUP, problem.depth());
      BlockedProduct.run(problem.part(row, column, step, end, Tiles.PIECE, part), scratch);
      add(group, rows * columns);
    }
    Matrix c = problem.c();
    float @Nullable [] bias = problem.bias();
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        c.data()[c.index(row + i, column + j)] = (float) (sums[i * columns + j] + (bias == null ? 0 : bias[column + j]));
      }
      int from = c.index(row + i, column);
      VectorActivations.row(problem.activation(), c.data(), from, c.data(), from, columns, scratch.lanes);
    }
  }

  /** Sets so many sums to 0. */
  void open(int count) {
    if (sums.length < count) {
      sums = new double[count];
      group = new float[count];
    }
    Arrays.fill(sums, 0, count, 0);
  }

  /** Adds the first elements of {@code x} to the sums. */
  void add(float[] x, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += x[i];
    }
  }

  /** Writes the sums. */
  void store(float[] x, int count) {
    for (int i = 0; i < count; i++) {
      x[i] = (float) sums[i];
    }
  }
}
