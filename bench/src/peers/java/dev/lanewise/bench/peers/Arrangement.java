package dev.lanewise.bench.peers;

/** Puts numbers into another order. */
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
}
