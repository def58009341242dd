package dev.lanewise.core.pooling;

import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;

/**
 * The mean of rows: ones times {@link #PIECE} rows at a time, what these come to added up in double. A piece whose sum is beyond float is
 * added up in double, too: the mean of two numbers of 3e38 is a float.
 */
final class RowMean {
  /** Rows of a chain of floats: one of 2<sup>20</sup> would lose up to a tenth of what it adds. */
  private static final int PIECE = 64;

  /** Ones and the sum of a piece. */
  static final int BUFFERS = 2;

  private RowMean() {}

  /** Writes the mean into a row; 0 if there is nothing to take it of. */
  static void of(Matrix rows, Kernels kernels, Scratch buffers, Matrix to) {
    float[] ones = buffers.floats(0, PIECE);
    Arrays.fill(ones, 0, PIECE, 1);
    int width = rows.columns();
    float[] piece = buffers.floats(1, width);
    double[] sums = buffers.zeros(width);
    for (int row = 0; row < rows.rows(); row += PIECE) {
      int count = Math.min(PIECE, rows.rows() - row);
      kernels.output(Matrix.of(ones, 1, count), rows.rows(row, row + count), Matrix.of(piece, 1, width));
      for (int i = 0; i < width; i++) {
        sums[i] += Float.isFinite(piece[i]) ? piece[i] : sum(rows, row, count, i);
      }
    }
    for (int i = 0; i < width; i++) {
      to.data()[to.offset() + i] = (float) (sums[i] / Math.max(1, rows.rows()));
    }
  }

  private static double sum(Matrix rows, int from, int count, int column) {
    double sum = 0;
    for (int row = from; row < from + count; row++) {
      sum += rows.data()[rows.index(row, column)];
    }
    return sum;
  }
}
