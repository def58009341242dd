package dev.lanewise.kernels.simd.lanes;

import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Packs operands into the panels that the micro-kernel reads: [panel][step][width], with zeros where the matrix ends before the panel. A
 * target needs {@link #size} elements, because whole blocks are written and the last block may extend past the end.
 */
public final class Packing {
  private static final int LANES = Lanes.COUNT;

  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;

  /** Vectors of eight floats: a strip of the micro-kernel with 32 registers. */
  private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;

  /** Number of panels that are packed together. */
  private static final int TOGETHER = 8;

  /** A mask of the rows at which a loop checks for interrupts. */
  private static final int OFTEN = 127;

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

  /**
   * Packs the columns of a matrix: target[panel][k][i] = columns[k][panel · width + i]. Several panels are packed together, so that a row
   * is read in long pieces: rows a page apart are not prefetched.
   *
   * @param width a multiple of {@link Lanes#COUNT}
   */
  public static void columns(Matrix columns, int width, float[] target) {
    int steps = columns.rows();
    for (int first = 0; first < columns.columns(); first += TOGETHER * width) {
      int count = Math.min(TOGETHER * width, columns.columns() - first);
      int whole = count / width * width;
      for (int k = 0; k < steps; k++) {
        Interruption.check(k, OFTEN);
        int to = first * steps + k * width;
        copy(columns.data(), columns.index(k, first), target, to, whole, width, steps * width);
        if (whole < count) {
          int rest = to + whole * steps;
          System.arraycopy(columns.data(), columns.index(k, first + whole), target, rest, count - whole);
          Arrays.fill(target, rest + count - whole, rest + width, 0);
        }
      }
    }
  }

  /**
   * Copies whole panels of a row, which are {@code distance} apart in the target. The two vectors of a panel of {@link Tiles#NR} are
   * written out: an inner loop over two takes twice the time.
   */
  private static void copy(float[] source, int from, float[] target, int to, int count, int width, int distance) {
    if (width == Tiles.NR) {
      int at = to;
      for (int i = 0; i < count; i += Tiles.NR) {
        FloatVector.fromArray(SPECIES, source, from + i).intoArray(target, at);
        FloatVector.fromArray(SPECIES, source, from + i + LANES).intoArray(target, at + LANES);
        at += distance;
      }
      return;
    }
    for (int i = 0; i < count; i += width) {
      System.arraycopy(source, from + i, target, to + i / width * distance, width);
    }
  }

  /**
   * Packs the columns {@code from} to {@code to} of a matrix in strips of {@link Tiles#MR}: target[strip · distance + k · MR + i] =
   * matrix[k][from + strip · MR + i].
   *
   * @param to a whole number of strips after {@code from}
   */
  public static void strips(Matrix matrix, int from, int to, float[] target, int distance) {
    int k = 0;
    if (Tiles.MR == 8) {
      for (; k <= matrix.rows() - 8; k += 8) {
        Interruption.check(k, OFTEN);
        eightSteps(matrix.data(), matrix.index(k, from), matrix.rowStride(), (to - from) / 8, target, k * 8, distance);
      }
    }
    for (; k < matrix.rows(); k++) {
      Interruption.check(k, OFTEN);
      int at = k * Tiles.MR;
      for (int strip = from; strip < to; strip += Tiles.MR) {
        System.arraycopy(matrix.data(), matrix.index(k, strip), target, at, Tiles.MR);
        at += distance;
      }
    }
  }

  /**
   * Packs eight steps of strips of eight. A strip receives four consecutive lines at a time. One line at a time of all strips takes half as
   * long again from memory.
   */
  private static void eightSteps(float[] source, int from, int stride, int strips, float[] target, int to, int distance) {
    for (int strip = 0; strip < strips; strip++) {
      int row = from + strip * 8;
      int at = to + strip * distance;
      FloatVector.fromArray(EIGHT, source, row).intoArray(target, at);
      FloatVector.fromArray(EIGHT, source, row + stride).intoArray(target, at + 8);
      FloatVector.fromArray(EIGHT, source, row + 2 * stride).intoArray(target, at + 16);
      FloatVector.fromArray(EIGHT, source, row + 3 * stride).intoArray(target, at + 24);
      FloatVector.fromArray(EIGHT, source, row + 4 * stride).intoArray(target, at + 32);
      FloatVector.fromArray(EIGHT, source, row + 5 * stride).intoArray(target, at + 40);
      FloatVector.fromArray(EIGHT, source, row + 6 * stride).intoArray(target, at + 48);
      FloatVector.fromArray(EIGHT, source, row + 7 * stride).intoArray(target, at + 56);
    }
  }

  /**
   * Transposes the columns {@code from} to {@code to} of a matrix: target[(c − from) · stride + r] = matrix[r][c]. Whole blocks are
   * written, so that up to {@link Lanes#COUNT} − 1 rows of the target follow the last one.
   *
   * @param stride at least the number of rows, rounded up to a multiple of {@link Lanes#COUNT}
   */
  public static void transposed(Matrix matrix, int from, int to, float[] target, int stride, Scratch scratch) {
    for (int column = from; column < to; column += LANES) {
      Interruption.check();
      for (int row = 0; row < matrix.rows(); row += LANES) {
        sourceBlock(matrix, row, column, to, scratch);
        scratch.target.set(target, (column - from) * stride + row, stride);
        Transpose.block(scratch.source, scratch.target, 1, scratch.block);
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
