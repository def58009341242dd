package dev.lanewise.bench.throughput;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.Matrix;
import dev.lanewise.kernels.SequenceStarts;
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

  float[] numbers(int count) {
    float[] numbers = new float[count];
    fill(numbers);
    return numbers;
  }

  /** True with the given probability. */
  boolean[] booleans(int count, double probability) {
    boolean[] booleans = new boolean[count];
    for (int i = 0; i < count; i++) {
      booleans[i] = random.nextDouble() < probability;
    }
    return booleans;
  }

  /** Sequences with as many keys as queries, their lengths evenly distributed from {@code shortest} to {@code longest}. */
  SequenceStarts sequences(int count, int shortest, int longest) {
    int[] starts = new int[count + 1];
    for (int i = 0; i < count; i++) {
      starts[i + 1] = starts[i] + random.nextInt(shortest, longest + 1);
    }
    return SequenceStarts.of(starts);
  }

  /** The same view, its whole array filled. */
  Heads filled(Heads heads) {
    fill(heads.data());
    return heads;
  }

  private void fill(float[] data) {
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) random.nextGaussian();
    }
  }
}
