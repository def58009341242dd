package dev.lanewise.kernels.simd.elementwise;

import dev.lanewise.kernels.simd.lanes.Lanes;
import dev.lanewise.kernels.simd.lanes.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The sum and the product of rows, and the sum over the lanes of a vector. */
public final class RowArithmetic {
  private static final VectorSpecies<Float> SPECIES = Lanes.SPECIES;
  private static final int LANES = Lanes.COUNT;

  private RowArithmetic() {}

  /**
   * The sum of the lanes in an array of {@link Scratch#MOST_LANES}, with 0 for missing lanes, in a fixed order (reduceLanes has no
   * specified order). A loop over halves would take a hundred cycles.
   */
  public static float fold(float[] x) {
    float even = ((x[0] + x[8]) + (x[4] + x[12])) + ((x[2] + x[10]) + (x[6] + x[14]));
    float odd = ((x[1] + x[9]) + (x[5] + x[13])) + ((x[3] + x[11]) + (x[7] + x[15]));
    return even + odd;
  }

  /** result = x + y. */
  public static void add(float[] x, int from, float[] y, int yFrom, float[] result, int to, int length) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector.fromArray(SPECIES, x, from + i).add(FloatVector.fromArray(SPECIES, y, yFrom + i)).intoArray(result, to + i);
    }
    for (; i < length; i++) {
      result[to + i] = x[from + i] + y[yFrom + i];
    }
  }

  /** result = x − first − second. */
  static void subtract(float[] x, int from, float first, float second, float[] result, int to, int length) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector.fromArray(SPECIES, x, from + i).sub(first).sub(second).intoArray(result, to + i);
    }
    for (; i < length; i++) {
      result[to + i] = x[from + i] - first - second;
    }
  }

  /** x *= factor. */
  public static void scale(float[] x, int from, int length, float factor) {
    int i = 0;
    for (; i <= length - LANES; i += LANES) {
      FloatVector.fromArray(SPECIES, x, from + i).mul(factor).intoArray(x, from + i);
    }
    for (; i < length; i++) {
      x[from + i] *= factor;
    }
  }
}
