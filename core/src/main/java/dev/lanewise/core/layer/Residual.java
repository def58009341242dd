package dev.lanewise.core.layer;

import dev.lanewise.core.SequenceBatch;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Interruption;

/** The residual connection around a sublayer when no norm follows ({@link Norm} adds and normalises in one pass). */
final class Residual {
  private static final int BLOCK_ROWS = 32;

  private Residual() {}

  /** Computes output = x + y; {@code output} may be either. */
  static void add(SequenceBatch x, SequenceBatch y, SequenceBatch output, int threads) {
    Rowwise.run(
        x,
        BLOCK_ROWS,
        1,
        threads,
        (b, from, rows) ->
            add(x.matrix(b, from, rows, 0, x.width()), y.matrix(b, from, rows, 0, x.width()), output.matrix(b, from, rows, 0, x.width())));
  }

  /** A plain Java loop: C2 vectorises it, and memory bandwidth limits it. */
  private static void add(Matrix x, Matrix y, Matrix output) {
    int often = Interruption.often(x.columns());
    for (int row = 0; row < x.rows(); row++) {
      Interruption.check(row, often);
      add(x.data(), x.index(row, 0), y.data(), y.index(row, 0), output.data(), output.index(row, 0), x.columns());
    }
  }

  private static void add(float[] x, int xFrom, float[] y, int yFrom, float[] output, int to, int length) {
    for (int i = 0; i < length; i++) {
      output[to + i] = x[xFrom + i] + y[yFrom + i];
    }
  }
}
