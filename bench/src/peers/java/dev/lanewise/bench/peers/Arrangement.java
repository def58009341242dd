package dev.lanewise.bench.peers;

/** The same numbers in other orders, and plain products of them. */
final class Arrangement {
  private Arrangement() {}

  /** columns × rows of rows × columns. */
  static float[] transposed(float[] data, int rows, int columns) {
    return swapped(data, 1, rows, columns, 1);
  }

  /**
   * Swaps two neighbouring dimensions.
   *
   * @param data outer × first × second × inner
   * @return outer × second × first × inner
   */
  static float[] swapped(float[] data, int outer, int first, int second, int inner) {
    float[] swapped = new float[data.length];
    for (int o = 0; o < outer; o++) {
      for (int i = 0; i < first; i++) {
        for (int j = 0; j < second; j++) {
          System.arraycopy(data, ((o * first + i) * second + j) * inner, swapped, ((o * second + j) * first + i) * inner, inner);
        }
      }
    }
    return swapped;
  }

  /** Each row of x times the transposed weight, outputs × inputs. */
  static double[][] projected(double[][] x, float[] weight) {
    int inputs = x[0].length;
    int outputs = weight.length / inputs;
    double[][] projected = new double[x.length][outputs];
    for (int i = 0; i < x.length; i++) {
      for (int o = 0; o < outputs; o++) {
        double sum = 0;
        for (int c = 0; c < inputs; c++) {
          sum += x[i][c] * weight[o * inputs + c];
        }
        projected[i][o] = sum;
      }
    }
    return projected;
  }
}
