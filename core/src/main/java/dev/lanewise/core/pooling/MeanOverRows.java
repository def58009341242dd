package dev.lanewise.core.pooling;

import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.Arrays;

/**
 * Mean of rows: the sum of each group of {@link #GROUP} rows is a product with ones, in float, and the groups are added in double. If a
 * group's sum overflows float, the group is added again in double: the mean of two numbers of 3e38 is a float.
 */
final class MeanOverRows {
  /** Number of rows in a chain of float additions: a chain of 2<sup>20</sup> would lose up to a tenth of the sum. */
  private static final int GROUP = 64;

  /** Arrays for the ones, and for the sum of a group. */
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, 2);

  private MeanOverRows() {}

  /** Writes the mean into a row; 0 if there are no rows. */
  static void of(Matrix rows, Kernels kernels, Matrix to) {
    Scratch buffers = BUFFERS.take();
    try {
      of(rows, kernels, buffers, to);
    } finally {
      BUFFERS.give(buffers);
    }
  }

  private static void of(Matrix rows, Kernels kernels, Scratch buffers, Matrix to) {
    float[] ones = buffers.floats(0, GROUP);
    Arrays.fill(ones, 0, GROUP, 1);
    int width = rows.columns();
    float[] group = buffers.floats(1, width);
    double[] sums = buffers.zeros(width);
    for (int row = 0; row < rows.rows(); row += GROUP) {
      int count = Math.min(GROUP, rows.rows() - row);
      kernels.output(Matrix.of(ones, 1, count), rows.rows(row, row + count), Matrix.of(group, 1, width));
      for (int i = 0; i < width; i++) {
        sums[i] += Float.isFinite(group[i]) ? group[i] : sum(rows, row, count, i);
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
