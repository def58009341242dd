package dev.lanewise.bench.throughput;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.Matrix;
import java.util.SplittableRandom;

/** Normally distributed numbers, the same in every run of every operation. */
final class SeededData {
  private static final long SEED = 20260801;

  private final SplittableRandom random = new SplittableRandom(SEED);

  Matrix matrix(int rows, int columns) {
    Matrix matrix = Matrix.zeros(rows, columns);
    fill(matrix.data());
    return matrix;
  }

  Heads heads(int batch, int heads, int rows, int width) {
    Heads result = Heads.zeros(batch, heads, rows, width);
    fill(result.data());
    return result;
  }

  private void fill(float[] data) {
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) random.nextGaussian();
    }
  }
}
