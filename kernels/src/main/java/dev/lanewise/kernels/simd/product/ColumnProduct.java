package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;

/** A product of two matrices, of which the call packs the second one. */
public final class ColumnProduct {
  /** Number of floats that are packed at a time, 4 MB. */
  private static final int PACKED = 1 << 20;

  private ColumnProduct() {}

  /**
   * Number of rows or columns (NC) with so many inner steps that are packed at a time: whole panels of up to {@link #PACKED} floats, at
   * least one panel.
   */
  public static int vectorsPacked(int steps) {
    return Math.max(1, PACKED / Math.max(1, steps) / Tiles.NR) * Tiles.NR;
  }

  /**
   * c = a · b for as many columns at a time as are packed in the scratch; with very many inner steps, also for a part of the steps at a
   * time.
   */
  public static void run(Matrix a, Matrix b, Matrix c, Scratch scratch) {
    if (b.rows() > Tiles.LONG) {
      LongProduct.run(a, b, c, scratch);
      return;
    }
    int nc = vectorsPacked(b.rows());
    for (int from = 0; from < b.columns(); from += nc) {
      int to = Math.min(from + nc, b.columns());
      float[] panels = scratch.right(Packing.size(to - from, b.rows(), Tiles.NR));
      Packing.columns(b.columns(from, to), Tiles.NR, panels);
      BlockedProduct.run(new ProductProblem(a, panels, 0, null, Activation.NONE, c.columns(from, to)), scratch);
    }
  }
}
