package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.simd.elementwise.VectorActivations;
import dev.lanewise.kernels.simd.lanes.LongSums;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import org.jspecify.annotations.Nullable;

/** A product of more than {@link Tiles#LONG} inner steps, computed block by block with {@link LongSums}. */
public final class LongProduct {
  /** Number of columns of a block, whole panels. */
  private static final int COLUMNS = 512;

  private LongProduct() {}

  /** Computes a product block by block. */
  public static void run(ProductProblem problem, Scratch scratch) {
    for (int row = 0; row < problem.rows(); row += Tiles.MC) {
      for (int column = 0; column < problem.columns(); column += COLUMNS) {
        int rows = Math.min(Tiles.MC, problem.rows() - row);
        block(problem, row, column, rows, Math.min(COLUMNS, problem.columns() - column), scratch);
      }
    }
  }

  /**
   * Computes weights · value. The rows of value are packed a span at a time, because all of them could take as much memory as value itself.
   */
  public static void run(Matrix weights, Matrix value, Matrix output, Scratch scratch) {
    LongSums sums = scratch.longSums;
    for (int row = 0; row < output.rows(); row += Tiles.MC) {
      for (int column = 0; column < output.columns(); column += COLUMNS) {
        int rows = Math.min(Tiles.MC, output.rows() - row);
        int columns = Math.min(COLUMNS, output.columns() - column);
        sums.open(rows * columns);
        Matrix block = Matrix.of(sums.span(), rows, columns);
        for (int step = 0; step < value.rows(); step += LongSums.SPAN) {
          int steps = Math.min(LongSums.SPAN, value.rows() - step);
          float[] panels = scratch.right(Packing.size(columns, steps, Tiles.NR));
          Packing.columns(new Matrix(value.data(), value.index(step, column), steps, columns, value.rowStride()), Tiles.NR, panels);
          Matrix a = new Matrix(weights.data(), weights.index(row, step), rows, steps, weights.rowStride());
          BlockedProduct.run(new ProductProblem(a, panels, steps, 0, null, Activation.NONE, block, Tiles.CHAIN), scratch);
          sums.add(sums.span(), rows * columns);
        }
        store(sums, output, row, column, rows, columns);
      }
    }
  }

  private static void store(LongSums sums, Matrix output, int row, int column, int rows, int columns) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        output.data()[output.index(row + i, column + j)] = (float) sums.sum(i * columns + j);
      }
    }
  }

  private static void block(ProductProblem problem, int row, int column, int rows, int columns, Scratch scratch) {
    LongSums sums = scratch.longSums;
    sums.open(rows * columns);
    Matrix block = Matrix.of(sums.span(), rows, columns);
    for (int step = 0; step < problem.depth(); step += LongSums.SPAN) {
      int end = Math.min(step + LongSums.SPAN, problem.depth());
      BlockedProduct.run(problem.block(row, column, step, end, Tiles.CHAIN, block), scratch);
      sums.add(sums.span(), rows * columns);
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
