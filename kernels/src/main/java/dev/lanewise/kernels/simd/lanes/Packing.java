package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Arrays;

/**
 * Packs operands into the panels that the micro-kernel reads: [panel][step][width], with zeros where the matrix ends before the panel. A
 * target needs {@link #size} elements, because whole blocks are written and the last block may extend past the end.
 */
public final class Packing {
  private static final int LANES = Lanes.COUNT;

  private Packing() {}

  public static int roundUp(int size, int multiple) {
    return Math.ceilDiv(size, multiple) * multiple;
  }

  /** Number of elements that a target needs for {@code vectors} rows or columns of {@code steps} elements in panels of {@code width}. */
  public static int size(int vectors, int steps, int width) {
    return Math.toIntExact((long) Math.ceilDiv(vectors, width) * width * steps + (long) LANES * width);
  }

  /**
   * Packs the rows of a matrix: target[panel][k][i] = scale · rows[panel · width + i][from + k] for the columns {@code from} to {@code to}.
   *
   * @param width a multiple of {@link Lanes#COUNT}
   */
  public static void rows(Matrix rows, int from, int to, int width, float scale, float[] target, Scratch scratch) {
    int steps = to - from;
    for (int row = 0; row < rows.rows(); row += LANES) {
      Interruption.check();
      int panel = row / width * width * steps + row % width;
      for (int k = 0; k < steps; k += LANES) {
        sourceBlock(rows, row, from + k, to, scratch);
        scratch.target.set(target, panel + k * width, width);
        Transpose.block(scratch.source, scratch.target, scale, scratch.block);
      }
    }
    clearRest(rows.rows(), width, steps, target);
  }

  /** Packs the columns of a matrix: target[panel][k][i] = columns[k][panel · width + i]. */
  public static void columns(Matrix columns, int width, float[] target) {
    int steps = columns.rows();
    for (int first = 0; first < columns.columns(); first += width) {
      int count = Math.min(width, columns.columns() - first);
      Interruption.check();
      for (int k = 0; k < steps; k++) {
        int to = first * steps + k * width;
        System.arraycopy(columns.data(), columns.index(k, first), target, to, count);
        if (count < width) {
          Arrays.fill(target, to + count, to + width, 0);
        }
      }
    }
  }

  /** Sets scratch.source to a block of the matrix, or to a zero-padded copy of a block at an edge. */
  private static void sourceBlock(Matrix matrix, int row, int column, int columnEnd, Scratch scratch) {
    int rowCount = Math.min(LANES, matrix.rows() - row);
    int columnCount = Math.min(LANES, columnEnd - column);
    if (rowCount == LANES && columnCount == LANES) {
      scratch.source.set(matrix.data(), matrix.index(row, column), matrix.rowStride());
      return;
    }
    Arrays.fill(scratch.padded, 0);
    for (int i = 0; i < rowCount; i++) {
      System.arraycopy(matrix.data(), matrix.index(row + i, column), scratch.padded, i * LANES, columnCount);
    }
    scratch.source.set(scratch.padded, 0, LANES);
  }

  /** Clears the columns of the last panel that no block of rows covers. */
  private static void clearRest(int rows, int width, int steps, float[] target) {
    int packed = Math.ceilDiv(rows, LANES) * LANES % width;
    if (packed == 0) {
      return;
    }
    int panel = rows / width * width * steps;
    for (int k = 0; k < steps; k++) {
      Arrays.fill(target, panel + k * width + packed, panel + (k + 1) * width, 0);
    }
  }
}
