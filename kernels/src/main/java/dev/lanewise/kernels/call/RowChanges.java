package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.RowFunction;

/** The changes of a segment of one row's scores between similarity and mask, in plain Java. */
public final class RowChanges {
  private RowChanges() {}

  /** Changes the scores of {@code count} keys from {@code key} on; their scores begin at index {@code at}. */
  public static void apply(
      AttentionProblem problem, ScoreChange change, int batchEntry, int head, int query, int key, float[] scores, int at, int count) {
    switch (change) {
      case ScoreChange.Softcap(float limit) -> softcap(limit, scores, at, count);
      case ScoreChange.AddedBias(Bias bias, _) -> bias(bias, bias.index(batchEntry, head, query), key, scores, at, count);
      case ScoreChange.Alibi alibi -> {
        float slope = alibi.slopes()[head];
        int position = problem.queryPosition(alibi, batchEntry, query);
        int rows = Math.clamp((long) problem.endOfRows(batchEntry) - key, 0, count);
        distances(slope, position - key, scores, at, rows);
        for (int i = rows; i < count; i++) { // nodes of a tree have any positions
          distances(slope, position - problem.keyPosition(batchEntry, key + i), scores, at + i, 1);
        }
      }
      case ScoreChange.Function(RowFunction function) -> problem.change(function, scores, at, count, batchEntry, head, query, key);
    }
  }

  /** softcap · tanh(score / softcap), in double, where any quotient of floats is a normal number. */
  public static void softcap(float softcap, float[] scores, int at, int count) {
    for (int i = at; i < at + count; i++) {
      scores[i] = (float) (softcap * Math.tanh(scores[i] / (double) softcap));
    }
  }

  /**
   * Adds the bias, whose row starts at {@code row}, of {@code count} keys from {@code key} on. A bias of −∞ replaces the score, because the
   * score may be NaN.
   */
  private static void bias(Bias bias, int row, int key, float[] scores, int at, int count) {
    int start = row + key * bias.keyStride();
    for (int i = 0; i < count; i++) {
      float added = bias.data()[start + i * bias.keyStride()];
      scores[at + i] = added == Float.NEGATIVE_INFINITY ? added : scores[at + i] + added;
    }
  }

  /**
   * score − slope · |distance − i| for key i of the segment, where distance is the query's position minus that of the first key. Computed
   * in double, because the product may overflow a float where the difference does not.
   */
  private static void distances(float slope, int distance, float[] scores, int at, int count) {
    for (int i = 0; i < count; i++) {
      scores[at + i] = (float) (scores[at + i] - (double) slope * Math.abs(distance - i));
    }
  }
}
