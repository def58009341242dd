package dev.lanewise.kernels;

/** What happens to a segment of one row's scores between similarity and mask: softcap, bias, ALiBi. */
final class RowChanges {
  private RowChanges() {}

  /** softcap · tanh(score / softcap), in double, where any quotient of floats is a normal number. */
  static void softcap(float softcap, float[] scores, int at, int count) {
    for (int i = at; i < at + count; i++) {
      scores[i] = (float) (softcap * Math.tanh(scores[i] / (double) softcap));
    }
  }

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

  /**
   * score − slope · |distance − i|, for key i of the segment and the distance of its first from the query's own position. In double: the
   * product may pass the largest float where the difference does not.
   */
  static void distances(float slope, int distance, float[] scores, int at, int count) {
    for (int i = 0; i < count; i++) {
      scores[at + i] = (float) (scores[at + i] - (double) slope * Math.abs(distance - i));
    }
  }
}
