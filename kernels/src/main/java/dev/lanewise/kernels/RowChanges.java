package dev.lanewise.kernels;

/** What happens to a segment of one row's scores after the softcap: bias, ALiBi, functions of the caller. */
final class RowChanges {
  private RowChanges() {}

  /**
   * Adds the bias, whose row starts at {@code row}, of {@code count} keys from {@code key} on. One of −∞ is not added but put: the score
   * may be NaN.
   */
  static void bias(Bias bias, int row, int key, float[] scores, int at, int count) {
    int start = row + key * bias.keyStride();
    for (int i = 0; i < count; i++) {
      float added = bias.data()[start + i * bias.keyStride()];
      scores[at + i] = added == Float.NEGATIVE_INFINITY ? added : scores[at + i] + added;
    }
  }

  /** score − slope · |distance − i|, for key i of the segment and the distance of its first from the query's own position. */
  static void distances(float slope, int distance, float[] scores, int at, int count) {
    for (int i = 0; i < count; i++) {
      scores[at + i] -= slope * Math.abs(distance - i);
    }
  }
}
