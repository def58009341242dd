package dev.lanewise.kernels;

import org.jspecify.annotations.Nullable;

/**
 * The loops around the micro-kernel, after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008):
 *
 * <pre>
 * for each block of {@link Tiles#BLOCK_ROWS} rows of A            (packed A stays in L2)
 *   for each block of {@link Tiles#DEPTH} inner steps
 *     pack that block of A, if there are enough columns to pay for it
 *     for each panel of {@link Tiles#COLUMNS} columns of B         (its block stays in L2)
 *       for each strip of {@link Tiles#ROWS} rows of A             (streams from L2)
 *         micro-kernel
 * </pre>
 *
 * Edges: packed operands are padded with zeros; a tile of C that is cut off is computed whole in scratch and its valid part copied.
 */
final class BlockedProduct {
  private final Matrix a;
  private final float[] panels;
  private final int firstPanel;
  private final float @Nullable [] bias;
  private final Matrix c;
  private final Scratch scratch;
  private final boolean packsA;
  private final float[] packed;

  /**
   * @param a rows × depth
   * @param panels B, depth × columns, packed in panels of {@link Tiles#COLUMNS}
   * @param firstPanel where the first panel starts
   * @param bias what each row starts from, padded to whole panels; null for 0
   * @param c rows × columns, written
   */
  BlockedProduct(Matrix a, float[] panels, int firstPanel, float @Nullable [] bias, Matrix c, Scratch scratch) {
    this.a = a;
    this.panels = panels;
    this.firstPanel = firstPanel;
    this.bias = bias;
    this.c = c;
    this.scratch = scratch;
    this.packsA = c.columns() >= Tiles.PACKING_COLUMNS;
    this.packed = scratch.left(Packing.size(Tiles.BLOCK_ROWS, Math.min(Tiles.DEPTH, a.columns()), Tiles.PANEL));
  }

  void run() {
    for (int row = 0; row < c.rows(); row += Tiles.BLOCK_ROWS) {
      int rowEnd = Math.min(row + Tiles.BLOCK_ROWS, c.rows());
      int step = 0;
      do { // once even for a depth of 0: C is then the bias, or 0
        int stepEnd = Math.min(step + Tiles.DEPTH, a.columns());
        if (packsA) {
          Packing.rows(a.rows(row, rowEnd), step, stepEnd, Tiles.PANEL, 1, packed, scratch);
        }
        block(row, rowEnd, step, stepEnd);
        step = stepEnd;
      } while (step < a.columns());
    }
  }

  private void block(int row, int rowEnd, int step, int stepEnd) {
    for (int column = 0; column < c.columns(); column += Tiles.COLUMNS) {
      scratch.b.set(panels, firstPanel + column * a.columns() + step * Tiles.COLUMNS, Tiles.COLUMNS);
      for (int i = row; i < rowEnd; i += Tiles.ROWS) {
        pointToA(i, i - row, step, stepEnd);
        tile(i, column, step == 0, stepEnd - step);
      }
    }
  }

  private void pointToA(int row, int rowInBlock, int step, int stepEnd) {
    int depth = stepEnd - step;
    if (packsA) {
      int panel = rowInBlock / Tiles.PANEL * Tiles.PANEL;
      scratch.a.set(packed, panel * depth + rowInBlock - panel, Tiles.PANEL);
    } else if (depth == 0) { // an empty view may start past the end of its array
      scratch.a.set(packed, 0, 0);
    } else if (row + Tiles.ROWS <= a.rows()) {
      scratch.a.set(a.data(), a.index(row, step), a.rowStride());
    } else {
      for (int i = row; i < a.rows(); i++) { // the rows past the last keep what they held: their results are dropped
        System.arraycopy(a.data(), a.index(i, step), packed, (i - row) * depth, depth);
      }
      scratch.a.set(packed, 0, depth);
    }
  }

  private void tile(int row, int column, boolean first, int depth) {
    int rows = Math.min(Tiles.ROWS, c.rows() - row);
    int columns = Math.min(Tiles.COLUMNS, c.columns() - column);
    boolean whole = rows == Tiles.ROWS && columns == Tiles.COLUMNS;
    Strip target = scratch.c;
    if (whole) {
      target.set(c.data(), c.index(row, column), c.rowStride());
    } else {
      target.set(scratch.edge, 0, Tiles.COLUMNS);
    }
    Strip start = target;
    if (first) {
      start = bias == null ? scratch.start.set(scratch.zeros, 0, 0) : scratch.start.set(bias, column, 0);
    } else if (!whole) {
      for (int i = 0; i < rows; i++) {
        System.arraycopy(c.data(), c.index(row + i, column), scratch.edge, i * Tiles.COLUMNS, columns);
      }
    }
    if (packsA) {
      MicroKernel.multiply(scratch.a, scratch.b, start, target, depth, 1);
    } else {
      MicroKernel.multiplyRows(scratch.a, scratch.b, start, target, depth, 1);
    }
    if (!whole) {
      for (int i = 0; i < rows; i++) {
        System.arraycopy(scratch.edge, i * Tiles.COLUMNS, c.data(), c.index(row + i, column), columns);
      }
    }
  }
}
