package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;

/**
 * The product c += aᵀ · b of two matrices with the same rows, the inner steps, as the gradient of a weight needs it:
 *
 * <pre>
 * for each block of {@link Tiles#KC} inner steps
 *   for as many columns of b as are packed at a time
 *     pack them in panels
 *     for each block of {@link Tiles#MC} columns of a          (rows of c)
 *       pack it in strips of {@link Tiles#MR}                     (512 KB, in L2)
 *       for each panel of {@link Tiles#NR} columns of b
 *         {@link StripKernel}, added to c
 * </pre>
 *
 * The columns of a that fill no strip are transposed for {@link SkinnyProduct}. Each element of c is summed in chains of {@link Tiles#KC}
 * steps, one after the other, whatever rows and columns of c a call computes.
 */
public final class TransposedProduct {
  /** Distance of two strips. With a power of two the strips of a step would fall into one set of the L1 while they are packed. */
  private static final int STRIP = Tiles.MR * Tiles.KC + Scratch.MOST_LANES;

  /** Distance of two transposed rows. */
  private static final int ROW = Tiles.KC + Lanes.COUNT;

  private final Scratch scratch;

  private TransposedProduct(Scratch scratch) {
    this.scratch = scratch;
  }

  /** Computes c. */
  public static void add(Matrix a, Matrix b, Matrix c, Scratch scratch) {
    TransposedProduct product = new TransposedProduct(scratch);
    int nc = ColumnProduct.vectorsPacked(Math.min(Tiles.KC, b.rows()));
    for (int step = 0; step < b.rows(); step += Tiles.KC) {
      int stepEnd = Math.min(step + Tiles.KC, b.rows());
      for (int column = 0; column < b.columns(); column += nc) {
        int columnEnd = Math.min(column + nc, b.columns());
        product.block(a.rows(step, stepEnd), b.rows(step, stepEnd).columns(column, columnEnd), c.columns(column, columnEnd));
      }
    }
  }

  private void block(Matrix a, Matrix b, Matrix c) {
    float[] panels = scratch.right(Packing.size(b.columns(), b.rows(), Tiles.NR));
    Packing.columns(b, Tiles.NR, panels);
    int inStrips = c.rows() <= Tiles.SKINNY_ROWS ? 0 : c.rows() / Tiles.MR * Tiles.MR;
    float[] strips = scratch.left(Math.max(Tiles.MC / Tiles.MR * STRIP, Packing.roundUp(Tiles.SKINNY_ROWS, Lanes.COUNT) * ROW));
    for (int row = 0; row < inStrips; row += Tiles.MC) {
      int rowEnd = Math.min(row + Tiles.MC, inStrips);
      Packing.strips(a, row, rowEnd, strips, STRIP);
      for (int column = 0; column < c.columns(); column += Tiles.NR) {
        Interruption.check();
        panel(strips, panels, column * b.rows(), c, row, rowEnd, column, b.rows());
      }
    }
    if (inStrips < c.rows()) {
      Packing.transposed(a, inStrips, c.rows(), strips, ROW, scratch);
      Matrix rest = new Matrix(strips, 0, c.rows() - inStrips, b.rows(), ROW);
      BlockedProduct.run(ProductProblem.added(rest, panels, c.rows(inStrips, c.rows())), scratch);
    }
  }

  /** Adds the steps of a block to one panel of c. A panel at the right edge is added in scratch. */
  private void panel(float[] strips, float[] panels, int panel, Matrix c, int row, int rowEnd, int column, int depth) {
    int columns = Math.min(Tiles.NR, c.columns() - column);
    boolean isEdge = columns < Tiles.NR;
    if (isEdge) {
      for (int i = row; i < rowEnd; i++) {
        System.arraycopy(c.data(), c.index(i, column), scratch.edge, (i - row) * Tiles.NR, columns);
      }
      scratch.c.set(scratch.edge, 0, Tiles.NR);
    } else {
      scratch.c.set(c.data(), c.index(row, column), c.rowStride());
    }
    scratch.c.next(Tiles.MR * scratch.c.stride);
    scratch.a.set(strips, 0, Tiles.MR).next(STRIP);
    scratch.b.set(panels, panel, Tiles.NR);
    StripKernel.multiply(scratch.a, scratch.b, scratch.c, depth, (rowEnd - row) / Tiles.MR);
    for (int i = row; isEdge && i < rowEnd; i++) {
      System.arraycopy(scratch.edge, (i - row) * Tiles.NR, c.data(), c.index(i, column), columns);
    }
  }
}
