package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.data.PackedSequences;
import java.util.SplittableRandom;

/** Normally distributed numbers, the same in every run of every operation. */
public final class SeededData {
  private static final long SEED = 20260801;

  private final SplittableRandom random;

  /** The numbers that every operation begins with. */
  public SeededData() {
    this(-1);
  }

  /** One of many sequences of numbers, by its index from 0 on; all differ. */
  public SeededData(int index) {
    random = new SplittableRandom(SEED + 1 + index);
  }

  public Matrix matrix(int rows, int columns) {
    Matrix matrix = Matrix.zeros(rows, columns);
    fill(matrix.data());
    return matrix;
  }

  /** The next {@code count} numbers. */
  public float[] numbers(int count) {
    float[] numbers = new float[count];
    fill(numbers);
    return numbers;
  }

  /** The next booleans, each true with the given probability. */
  public boolean[] booleans(int count, double probability) {
    boolean[] booleans = new boolean[count];
    for (int i = 0; i < count; i++) {
      booleans[i] = random.nextDouble() < probability;
    }
    return booleans;
  }

  /** Sequences with as many keys as queries, their lengths evenly distributed from {@code shortest} to {@code longest}. */
  public PackedSequences sequences(int count, int shortest, int longest) {
    int[] starts = new int[count + 1];
    for (int i = 0; i < count; i++) {
      starts[i + 1] = starts[i] + random.nextInt(shortest, longest + 1);
    }
    return PackedSequences.of(starts);
  }

  /** The same view, its whole array filled. */
  public Heads filled(Heads heads) {
    fill(heads.data());
    return heads;
  }

  /** Evenly distributed from {@code least} to {@code most}. */
  public int integer(int least, int most) {
    return random.nextInt(least, most + 1);
  }

  private void fill(float[] data) {
    fill(data, 0, data.length);
  }

  /** Fills a part of an array with the numbers to come. */
  public void fill(float[] data, int from, int count) {
    for (int i = from; i < from + count; i++) {
      data[i] = (float) random.nextGaussian();
    }
  }
}
