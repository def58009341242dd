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
 *   c has more rows than columns                             c has more columns than rows
 *   for as many columns of b as are packed at a time         for as many columns of a as are packed at a time
 *     pack them in panels                                      pack them in strips
 *     for each block of {@link Tiles#MC} columns of a              for each block of {@link #COLUMNS} columns of b
 *       pack it in strips                                        pack it in panels
 *       {@link StripKernel}, added to c                             {@link StripKernel}, added to c
 * </pre>
 *
 * The larger operand is packed in blocks of 512 KB, which stay in L2. To write all of it to memory and read it again takes 4 % of the time
 * of a product with 384 rows of c. The columns of a that fill no strip are transposed for {@link SkinnyProduct}. Each element of c is
 * summed in chains of {@link Tiles#KC} steps, one after the other, whatever rows and columns of c a call computes.
 */
public final class TransposedProduct {
  /** Distance of two strips. With a power of two the strips of a step would fall into one set of the L1 while they are packed. */
  private static final int STRIP = Tiles.MR * Tiles.KC + Scratch.MOST_LANES;

  /** Distance of two transposed rows. */
  private static final int ROW = Tiles.KC + Lanes.COUNT;

  /** Number of columns of a block of b that stays in L2, whole panels. */
  private static final int COLUMNS = 128;

  /** The most rows of c whose strips are packed at a time, whole blocks: 3.5 MB. */
  private static final int ROWS = 7 * Tiles.MC;

  private final Scratch scratch;
  private final Matrix a;
  private final Matrix b;
  private final Matrix c;

  /** Number of rows of c that are computed in strips; {@link #rest} holds the others. */
  private final int inStrips;

  private float[] panels;
  private final float[] rest;

  /** One block of inner steps. */
  private TransposedProduct(Matrix a, Matrix b, Matrix c, Scratch scratch) {
    this.a = a;
    this.b = b;
    this.c = c;
    this.scratch = scratch;
    this.inStrips = c.rows() <= Tiles.SKINNY_ROWS ? 0 : c.rows() / Tiles.MR * Tiles.MR;
    this.rest = scratch.panel(Packing.roundUp(Tiles.SKINNY_ROWS, Lanes.COUNT) * ROW);
    this.panels = rest;
  }

  /** Computes c. */
  public static void add(Matrix a, Matrix b, Matrix c, Scratch scratch) {
    for (int step = 0; step < b.rows(); step += Tiles.KC) {
      int stepEnd = Math.min(step + Tiles.KC, b.rows());
      TransposedProduct product = new TransposedProduct(a.rows(step, stepEnd), b.rows(step, stepEnd), c, scratch);
      Packing.transposed(product.a, product.inStrips, c.rows(), product.rest, ROW, scratch);
      if (c.columns() > c.rows()) {
        product.wide();
      } else {
        product.tall();
      }
    }
  }

  private void tall() {
    int nc = ColumnProduct.vectorsPacked(b.rows());
    float[] strips = scratch.left(Tiles.MC / Tiles.MR * STRIP);
    for (int column = 0; column < c.columns(); column += nc) {
      int columnEnd = Math.min(column + nc, c.columns());
      packPanels(column, columnEnd);
      for (int row = 0; row < inStrips; row += Tiles.MC) {
        int rowEnd = Math.min(row + Tiles.MC, inStrips);
        Packing.strips(a, row, rowEnd, strips, STRIP);
        multiply(strips, 0, row, rowEnd, column, columnEnd);
      }
      multiplyRest(column, columnEnd);
    }
  }

  private void wide() {
    int row = 0;
    do { // once even without strips
      int rowEnd = Math.min(row + ROWS, inStrips);
      float[] strips = scratch.left((rowEnd - row) / Tiles.MR * STRIP);
      Packing.strips(a, row, rowEnd, strips, STRIP);
      for (int column = 0; column < c.columns(); column += COLUMNS) {
        int columnEnd = Math.min(column + COLUMNS, c.columns());
        packPanels(column, columnEnd);
        for (int block = row; block < rowEnd; block += Tiles.MC) {
          multiply(strips, (block - row) / Tiles.MR * STRIP, block, Math.min(block + Tiles.MC, rowEnd), column, columnEnd);
        }
        if (rowEnd == inStrips) {
          multiplyRest(column, columnEnd);
        }
      }
      row = rowEnd;
    } while (row < inStrips);
  }

  private void packPanels(int column, int columnEnd) {
    panels = scratch.right(Packing.size(columnEnd - column, b.rows(), Tiles.NR));
    Packing.columns(b.columns(column, columnEnd), Tiles.NR, panels);
  }

  /** Adds the rows of c that fill no strip. */
  private void multiplyRest(int column, int columnEnd) {
    if (inStrips < c.rows()) {
      Matrix rows = new Matrix(rest, 0, c.rows() - inStrips, b.rows(), ROW);
      BlockedProduct.run(ProductProblem.added(rows, panels, c.rows(inStrips, c.rows()).columns(column, columnEnd)), scratch);
    }
  }

  /** Adds a range of rows and columns of c, whose panels have been packed; the strips start at {@code strip}. */
  private void multiply(float[] strips, int strip, int row, int rowEnd, int column, int columnEnd) {
    for (int first = column; first < columnEnd; first += Tiles.NR) {
      Interruption.check();
      int columns = Math.min(Tiles.NR, columnEnd - first);
      scratch.a.set(strips, strip, Tiles.MR).next(STRIP);
      scratch.b.set(panels, (first - column) * b.rows(), Tiles.NR);
      if (columns == Tiles.NR) {
        scratch.c.set(c.data(), c.index(row, first), c.rowStride()).next(Tiles.MR * c.rowStride());
        StripKernel.multiply(scratch.a, scratch.b, scratch.c, b.rows(), (rowEnd - row) / Tiles.MR);
      } else {
        multiplyEdge(row, rowEnd, first, columns);
      }
    }
  }

  /** Adds the panel at the right edge of c, in scratch. */
  private void multiplyEdge(int row, int rowEnd, int column, int columns) {
    for (int i = row; i < rowEnd; i++) {
      System.arraycopy(c.data(), c.index(i, column), scratch.edge, (i - row) * Tiles.NR, columns);
    }
    scratch.c.set(scratch.edge, 0, Tiles.NR).next(Tiles.MR * Tiles.NR);
    StripKernel.multiply(scratch.a, scratch.b, scratch.c, b.rows(), (rowEnd - row) / Tiles.MR);
    for (int i = row; i < rowEnd; i++) {
      System.arraycopy(scratch.edge, (i - row) * Tiles.NR, c.data(), c.index(i, column), columns);
    }
  }
}
