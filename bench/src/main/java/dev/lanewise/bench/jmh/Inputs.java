package dev.lanewise.bench.jmh;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Inputs that are the same in every run: uniform numbers from a seed. */
final class Inputs {
  private static final int STEPS = 128;

  private Inputs() {}

  /** The numbers of a shape such as {@code 512x512x64}. */
  static int[] sizes(String shape) {
    return Arrays.stream(shape.split("x", -1)).mapToInt(Integer::parseInt).toArray();
  }

  /** A dense matrix of numbers in [−1, 1). */
  static Matrix matrix(int rows, int columns, long seed) {
    return matrix(rows, columns, 1, seed);
  }

  /** A dense matrix of numbers in [−limit, limit). */
  static Matrix matrix(int rows, int columns, double limit, long seed) {
    return Matrix.of(numbers(rows * columns, limit, seed), rows, columns);
  }

  /** Dense heads of one batch entry, with numbers in [−1, 1). */
  static Heads heads(int heads, int rows, int width, long seed) {
    return Heads.of(numbers(heads * rows * width, 1, seed), 1, heads, rows, width);
  }

  /**
   * The same, of numbers that every format of a cache keeps as they are: from −127/128 to 127/128 in steps of 1/128, each row beginning
   * with the largest, so that the scale of int8 is the step.
   */
  static Heads storableHeads(int heads, int rows, int width, long seed) {
    Heads storable = heads(heads, rows, width, seed);
    float[] data = storable.data();
    for (int i = 0; i < data.length; i++) {
      data[i] = (i % width == 0 ? STEPS - 1 : Math.round(data[i] * (STEPS - 1))) / (float) STEPS;
    }
    return storable;
  }

  /** Numbers in [−limit, limit). */
  private static float[] numbers(int length, double limit, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] numbers = new float[length];
    for (int i = 0; i < length; i++) {
      numbers[i] = (float) random.nextDouble(-limit, limit);
    }
    return numbers;
  }
}
