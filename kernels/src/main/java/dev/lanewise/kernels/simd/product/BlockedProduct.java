package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * The loops around the micro-kernel for whole strips of rows, after Goto and van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication" (2008). {@link SkinnyProduct} computes the remaining rows:
 *
 * <pre>
 * for each block of {@link Tiles#MC} rows of A            (its block stays in L2)
 *   for each block of {@link Tiles#KC} inner steps
 *     for each panel of {@link Tiles#NR} columns of B         (its block stays in L2)
 *       for each strip of {@link Tiles#MR} rows of A             (streams from L2, in place)
 *         micro-kernel
 *       activation of every {@link Tiles#ACTIVATED} columns, if these were the last steps
 * </pre>
 *
 * Edges: packed panels are padded with zeros. A panel of C at the right edge is computed completely in scratch, and its valid part is
 * copied.
 */
public final class BlockedProduct {
  private final ProductProblem problem;
  private final Scratch scratch;

  private BlockedProduct(ProductProblem problem, Scratch scratch) {
    this.problem = problem;
    this.scratch = scratch;
  }

  /** Computes c. This method chooses between the loops: strips for whole strips of rows, unless there are few rows in all. */
  public static void run(ProductProblem problem, Scratch scratch) {
    if (problem.depth() > Tiles.LONG) {
      LongProduct.run(problem, scratch);
      return;
    }
    int rows = problem.rows();
    int inStrips = rows <= Tiles.SKINNY_ROWS ? 0 : rows / Tiles.MR * Tiles.MR;
    if (inStrips > 0) {
      new BlockedProduct(problem, scratch).strips(inStrips);
    }
    if (inStrips < rows) {
      new SkinnyProduct(problem, inStrips, scratch).run();
    }
  }

  private void strips(int rows) {
    for (int row = 0; row < rows; row += Tiles.MC) {
      int rowEnd = Math.min(row + Tiles.MC, rows);
      int step = 0;
      do { // once even for a depth of 0, where C is the bias or 0
        int stepEnd = Math.min(step + problem.chain(), problem.depth());
        for (int column = 0; column < problem.columns(); column += Tiles.NR) {
          panel(row, rowEnd, column, step, stepEnd);
          if (stepEnd == problem.depth()) {
            problem.activate(row, rowEnd, column, column + Tiles.NR, scratch);
          }
        }
        step = stepEnd;
      } while (step < problem.depth());
    }
  }

  /** Computes a range of steps for one panel of C and the rows {@code row} (inclusive) to {@code rowEnd} (exclusive). */
  private void panel(int row, int rowEnd, int column, int step, int stepEnd) {
    Interruption.check();
    Matrix c = problem.c();
    int columns = Math.min(Tiles.NR, c.columns() - column);
    if (columns == Tiles.NR) {
      scratch.c.set(c.data(), c.index(row, column), c.rowStride());
      multiply(row, rowEnd, column, step, stepEnd);
      return;
    }
    boolean continues = step > 0 || problem.added();
    for (int i = row; continues && i < rowEnd; i++) {
      System.arraycopy(c.data(), c.index(i, column), scratch.edge, (i - row) * Tiles.NR, columns);
    }
    scratch.c.set(scratch.edge, 0, Tiles.NR);
    multiply(row, rowEnd, column, step, stepEnd);
    for (int i = row; i < rowEnd; i++) {
      System.arraycopy(scratch.edge, (i - row) * Tiles.NR, c.data(), c.index(i, column), columns);
    }
  }

  /** Adds the steps to the panel in scratch.c. */
  private void multiply(int row, int rowEnd, int column, int step, int stepEnd) {
    Matrix a = problem.a();
    Operand c = scratch.c.next(Tiles.MR * scratch.c.stride);
    Operand start = step > 0 || problem.added() ? c : problem.start(column, scratch.start, scratch.zeros);
    scratch.a.set(a.data(), a.index(row, step), a.rowStride()).next(Tiles.MR * a.rowStride());
    scratch.b.set(problem.panels(), problem.panel(column, step), Tiles.NR);
    MicroKernel.multiplyRows(scratch.a, scratch.b, start, c, stepEnd - step, (rowEnd - row) / Tiles.MR);
  }
}
