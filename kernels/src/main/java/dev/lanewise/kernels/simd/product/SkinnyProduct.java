package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.elementwise.RowArithmetic;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * A product with so few rows that reading B takes as long as the arithmetic. B is read once, several panels in parallel, and the rows share
 * each read:
 *
 * <pre>
 * for each few panels of columns of B                        (as many memory streams)
 *   for each block of {@link Tiles#KC} inner steps        (its part of B stays in L2)
 *     for each group of 1, 2 or {@link Tiles#SKINNY_MR} rows
 *       {@link SkinnyMicroKernel}, into a tile              (in the first calls {@link FirstProducts})
 *     C = bias, or 0, + valid part of the tile; C += it for later blocks
 *   activation of every {@link Tiles#ACTIVATED} columns
 * </pre>
 *
 * A result is computed by the same chains of multiply-adds as in {@link BlockedProduct} and has the same bits.
 */
public final class SkinnyProduct {
  private static final int NR = Tiles.NR;

  private final ProductProblem problem;
  private final int firstRow;
  private final int rows;
  private final Scratch scratch;
  private final int width;

  /** Whether {@link FirstProducts} computes this product. */
  private final boolean isFirst;

  /** A product of the rows from {@code firstRow} on, at most {@link Tiles#SKINNY_ROWS}. */
  SkinnyProduct(ProductProblem problem, int firstRow, Scratch scratch) {
    this.problem = problem;
    this.firstRow = firstRow;
    this.rows = problem.rows() - firstRow;
    this.scratch = scratch;
    this.width = rows == 1 ? Tiles.SKINNY_WIDTH : Tiles.SKINNY_WIDTH / 2;
    this.isFirst = FirstProducts.take((long) rows * problem.columns() * problem.depth());
  }

  void run() {
    for (int column = 0; column < problem.columns(); column += width) {
      Interruption.check();
      int step = 0;
      do { // once even for a depth of 0, where C is the bias or 0
        int stepEnd = Math.min(step + problem.chain(), problem.depth());
        multiply(column, step, stepEnd);
        add(column, step == 0 && !problem.added());
        step = stepEnd;
      } while (step < problem.depth());
      problem.activate(firstRow, problem.rows(), column, column + width, scratch);
    }
  }

  /** C = start + the sums of a block of steps, or C += these sums. */
  private void add(int column, boolean isStart) {
    Matrix c = problem.c();
    int columns = Math.min(width, problem.columns() - column);
    float[] bias = problem.bias();
    float[] start = bias == null ? scratch.noBias(Tiles.SKINNY_WIDTH) : bias;
    int startIndex = bias == null ? 0 : column;
    for (int row = 0; row < rows; row++) {
      int at = c.index(firstRow + row, column);
      float[] x = isStart ? start : c.data();
      RowArithmetic.add(x, isStart ? startIndex : at, scratch.partial, row * Tiles.SKINNY_WIDTH, c.data(), at, columns);
    }
  }

  private void multiply(int column, int step, int stepEnd) {
    Matrix a = problem.a();
    int panels = Math.ceilDiv(problem.columns() - column, NR);
    scratch.b.set(problem.panels(), problem.panel(column, step), NR).next(NR * problem.panelDepth());
    if (isFirst) {
      scratch.a.set(a.data(), a.index(firstRow, step), a.rowStride());
      scratch.c.set(scratch.partial, 0, Tiles.SKINNY_WIDTH);
      FirstProducts.multiply(scratch.a, scratch.b, scratch.c, rows, Math.min(panels, width / NR), stepEnd - step);
      return;
    }
    int row = 0;
    while (row < rows) {
      int group = Math.min(Tiles.SKINNY_MR, rows - row);
      scratch.a.set(a.data(), a.index(firstRow + row, step), a.rowStride());
      scratch.c.set(scratch.partial, row * Tiles.SKINNY_WIDTH, Tiles.SKINNY_WIDTH);
      if (rows == 1) {
        SkinnyMicroKernel.multiply1x4(scratch.a, scratch.b, scratch.c, panels, stepEnd - step);
      } else if (group <= 2) {
        SkinnyMicroKernel.multiply2x2(scratch.a, scratch.b, scratch.c, group, panels, stepEnd - step);
      } else {
        SkinnyMicroKernel.multiply4x2(scratch.a, scratch.b, scratch.c, group, panels, stepEnd - step);
      }
      row += group;
    }
  }
}
