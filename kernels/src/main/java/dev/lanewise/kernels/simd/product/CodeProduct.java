package dev.lanewise.kernels.simd.product;

import dev.lanewise.kernels.data.Activation;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedMatrix;
import dev.lanewise.kernels.data.WeightFormat;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.simd.elementwise.VectorActivations;
import dev.lanewise.kernels.simd.lanes.CodeOperand;
import dev.lanewise.kernels.simd.lanes.Operand;
import dev.lanewise.kernels.simd.lanes.Packing;
import dev.lanewise.kernels.simd.lanes.Scratch;
import dev.lanewise.kernels.simd.lanes.Tiles;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A product with a weight of integer codes. Each block of inputs is summed in one chain, and the sum is scaled and added to the result:
 *
 * <pre>
 * one row        for each four panels, each block: widened in registers                            {@link CodeKernel}
 * few rows       for each panel, each four rows, each block: widened in registers                  {@link CodeKernel}
 * more rows      for each {@link Tiles#MC} rows, each {@link Tiles#KC} inputs, each panel, each block: widened into L1   {@link MicroKernel}
 * </pre>
 *
 * All three compute an element by the same chains, so that a row has the same bits whatever is beside it.
 */
final class CodeProduct {
  private static final int NR = Tiles.NR;
  private static final int STEPS = CodeRows.STEPS;

  /** Number of rows that share a code in registers. */
  private static final int GROUP = 4;

  /** Number of blocks of inputs whose packed rows stay in L2. */
  private static final int BLOCKS = Tiles.KC / WeightFormat.BLOCK;

  private final Matrix a;
  private final PackedMatrix weight;
  private final float @Nullable [] bias;
  private final Activation activation;
  private final Matrix c;
  private final Scratch scratch;
  private final int bits;
  private final int blocks;

  /** A product of an input, a weight, a bias padded to whole panels, and a result. */
  CodeProduct(Matrix a, PackedMatrix weight, float @Nullable [] bias, Activation activation, Matrix c, Scratch scratch) {
    this.a = a;
    this.weight = weight;
    this.bias = bias;
    this.activation = activation;
    this.c = c;
    this.scratch = scratch;
    this.bits = weight.format().bits();
    this.blocks = Math.ceilDiv(weight.inputs(), WeightFormat.BLOCK);
  }

  void run() {
    int rows = c.rows();
    int inStrips = rows <= Tiles.SKINNY_ROWS ? 0 : rows / Tiles.MR * Tiles.MR;
    for (int row = 0; row < inStrips; row += Tiles.MC) {
      strips(row, Math.min(Tiles.MC, inStrips - row));
    }
    if (inStrips < rows) {
      few(inStrips, rows - inStrips);
    }
  }

  private void few(int firstRow, int rows) {
    float[] packed = scratch.left(rows * blocks * STEPS);
    CodeRows.pack(a, firstRow, rows, 0, blocks, bits, packed);
    int width = rows == 1 ? Tiles.SKINNY_WIDTH : NR;
    for (int column = 0; column < c.columns(); column += width) {
      Interruption.check();
      int columns = Math.min(width, c.columns() - column);
      scratch.codes.set(weight, column);
      for (int row = 0; row < rows; row++) {
        start(column, scratch.tile, row * Tiles.SKINNY_WIDTH, Packing.roundUp(columns, NR));
      }
      if (rows == 1) {
        CodeKernel.multiply(bits, scratch.codes, packed, scratch.tile, Math.ceilDiv(columns, NR), blocks);
      } else {
        groups(rows, packed);
      }
      for (int row = 0; row < rows; row++) {
        int from = row * Tiles.SKINNY_WIDTH;
        VectorActivations.apply(activation, scratch.tile, from, width);
        System.arraycopy(scratch.tile, from, c.data(), c.index(firstRow + row, column), columns);
      }
    }
  }

  /** Adds all blocks of one panel to the tile, a few rows at a time; the panel stays in L2. */
  private void groups(int rows, float[] packed) {
    for (int row = 0; row < rows; row += GROUP) {
      scratch.a.set(packed, row * blocks * STEPS, blocks * STEPS);
      scratch.c.set(scratch.tile, row * Tiles.SKINNY_WIDTH, Tiles.SKINNY_WIDTH);
      CodeKernel.multiplyRows(bits, scratch.codes, scratch.a, scratch.c, Math.min(GROUP, rows - row), blocks);
    }
  }

  /** Writes the initial value of one row of a tile. */
  private void start(int column, float[] target, int to, int columns) {
    if (bias == null) {
      Arrays.fill(target, to, to + columns, 0);
    } else {
      System.arraycopy(bias, column, target, to, columns);
    }
  }

  /** Computes whole strips of rows, at most {@link Tiles#MC} rows. */
  private void strips(int firstRow, int rows) {
    float[] packed = scratch.left(rows * BLOCKS * STEPS);
    int from = 0;
    do { // once even without inputs, where C is the bias or 0
      int to = Math.min(from + BLOCKS, blocks);
      CodeRows.pack(a, firstRow, rows, from, to, bits, packed);
      for (int column = 0; column < c.columns(); column += NR) {
        Interruption.check();
        panel(firstRow, rows, column, from, to, packed);
      }
      from = to;
    } while (from < blocks);
  }

  /** Adds blocks to one panel of C; a panel at the right edge is computed in scratch. */
  private void panel(int firstRow, int rows, int column, int from, int to, float[] packed) {
    int columns = Math.min(NR, c.columns() - column);
    float[] tile = columns == NR ? c.data() : scratch.panel(rows * NR);
    int first = columns == NR ? c.index(firstRow, column) : 0;
    int stride = columns == NR ? c.rowStride() : NR;
    for (int i = 0; i < rows; i++) {
      if (from == 0) {
        start(column, tile, first + i * stride, NR);
      } else if (columns < NR) {
        System.arraycopy(c.data(), c.index(firstRow + i, column), tile, first + i * stride, columns);
      }
    }
    CodeOperand codes = scratch.codes;
    codes.set(weight, column);
    float[] widened = scratch.right(STEPS * NR);
    for (int block = from; block < to; block++) {
      CodeKernel.widen(bits, codes.codes, codes.codes0 + block * bits * NR, codes.zeros, codes.zeros0 + block * codes.zeroStep, widened, 0);
      scratch.a.set(packed, (block - from) * STEPS, (to - from) * STEPS).next(Tiles.MR * (to - from) * STEPS);
      Operand sums = scratch.c.set(scratch.edge, 0, NR).next(Tiles.MR * NR);
      MicroKernel.multiplyRows(
          scratch.a, scratch.b.set(widened, 0, NR), scratch.start.set(scratch.zeros, 0, 0), sums, STEPS, rows / Tiles.MR);
      for (int i = 0; i < rows; i++) {
        CodeKernel.addScaled(scratch.edge, i * NR, codes.scales, codes.scales0 + block * codes.scaleStep, tile, first + i * stride, NR);
      }
    }
    for (int i = 0; i < rows; i++) {
      if (to == blocks) {
        VectorActivations.apply(activation, tile, first + i * stride, NR);
      }
      if (columns < NR) {
        System.arraycopy(tile, i * NR, c.data(), c.index(firstRow + i, column), columns);
      }
    }
  }
}
