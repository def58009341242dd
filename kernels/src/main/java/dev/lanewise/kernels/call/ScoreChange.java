package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/**
 * A change of the scores between similarity and mask, with its plain Java form. A {@link ScoreFormula} applies its changes in the order of
 * {@link #rank}. The fused kernel and the reference answer each kind in a switch without a default branch, so a new kind does not compile
 * until both have an answer.
 */
public sealed interface ScoreChange {
  /**
   * The place of the change among the changes of a formula, which has at most one change of each rank. The caller's bias comes after that
   * of positions, so that its −∞ masks a key whatever was added before.
   */
  int rank();

  /** The stage of the scores after this change. */
  default Stage stage() {
    return Stage.CHANGED;
  }

  /** Whether the change depends on the positions of queries and keys, which the nodes of a tree change. */
  default boolean usesPositions() {
    return false;
  }

  /** Whether the change comes from the positions of a layer and not from the caller. */
  default boolean ofPositions() {
    return false;
  }

  /**
   * Checks that the change fits a call.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  default void check(CallShape shape) {}

  /** Changes the scores of {@code count} keys of a row from {@code key} on, which begin at index {@code at}, in plain Java. */
  void apply(AttentionProblem problem, int batchEntry, int head, int query, int key, float[] scores, int at, int count);

  /** softcap · tanh(score / softcap) ("Gemma 2", 2024). */
  record Softcap(float limit) implements ScoreChange {
    public Softcap {
      if (!(limit > 0 && limit < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("softcap is " + limit + ", must be positive and finite, or 0 for none");
      }
    }

    @Override
    public int rank() {
      return 0;
    }

    @Override
    public Stage stage() {
      return Stage.CAPPED;
    }

    @Override
    public void apply(AttentionProblem problem, int batchEntry, int head, int query, int key, float[] scores, int at, int count) {
      apply(scores, at, count);
    }

    /** The change in double, where any quotient of floats is a normal number. */
    public void apply(float[] scores, int at, int count) {
      for (int i = at; i < at + count; i++) {
        scores[i] = (float) (limit * Math.tanh(scores[i] / (double) limit));
      }
    }
  }

  /** score + bias. A bias of −∞ masks the key: it replaces the score, because the score may be NaN. */
  record AddedBias(Bias bias, boolean ofPositions) implements ScoreChange {
    @Override
    public int rank() {
      return ofPositions ? 1 : 2;
    }

    /** The name of the bias in messages. */
    String name() {
      return ofPositions ? "positionBias" : "bias";
    }

    @Override
    public void check(CallShape shape) {
      bias.check(name(), shape.batch(), shape.queryHeads(), shape.mostQueries(), shape.mostKeys());
    }

    @Override
    public void apply(AttentionProblem problem, int batchEntry, int head, int query, int key, float[] scores, int at, int count) {
      int start = bias.index(batchEntry, head, query) + key * bias.keyStride();
      for (int i = 0; i < count; i++) {
        float added = bias.data()[start + i * bias.keyStride()];
        scores[at + i] = added == Float.NEGATIVE_INFINITY ? added : scores[at + i] + added;
      }
    }
  }

  /**
   * score − slope · |position of the query − position of the key| ("Train Short, Test Long", Press et al., 2022).
   *
   * @param slopes one slope for each query head
   * @param offsets the position of query 0 of each batch entry; null aligns the last query with the last key
   * @param ofPositions whether the slopes come from the positions of a layer
   */
  record Alibi(float[] slopes, int @Nullable [] offsets, boolean ofPositions) implements ScoreChange {
    public Alibi(float[] slopes, int @Nullable [] offsets, boolean ofPositions) { // javac drops the annotation of a compact constructor
      for (int head = 0; head < slopes.length; head++) {
        if (!Float.isFinite(slopes[head])) {
          throw new IllegalArgumentException("slopes[" + head + "] is " + slopes[head] + ", must be finite");
        }
      }
      this.slopes = slopes;
      this.offsets = offsets;
      this.ofPositions = ofPositions;
    }

    @Override
    public int rank() {
      return 3;
    }

    @Override
    public boolean usesPositions() {
      return true;
    }

    @Override
    public void check(CallShape shape) {
      Checks.same("slopes.length", slopes.length, "query.heads", shape.queryHeads());
      if (offsets != null) {
        Checks.same("offsets.length", offsets.length, shape.batchName(), shape.batch());
      }
    }

    @Override
    public void apply(AttentionProblem problem, int batchEntry, int head, int query, int key, float[] scores, int at, int count) {
      long position = problem.queryPosition(this, batchEntry, query);
      int rows = Math.clamp((long) problem.endOfRows(batchEntry) - key, 0, count);
      subtract(slopes[head], position - key, scores, at, rows);
      for (int i = rows; i < count; i++) { // nodes of a tree have any positions
        subtract(slopes[head], position - problem.keyPosition(batchEntry, key + i), scores, at + i, 1);
      }
    }

    /**
     * score − slope · |distance − i| for key i of the segment, where distance is the query's position minus that of the first key. Computed
     * in double, because the product may overflow a float where the difference does not.
     */
    private static void subtract(float slope, long distance, float[] scores, int at, int count) {
      for (int i = 0; i < count; i++) {
        scores[at + i] = (float) (scores[at + i] - (double) slope * Math.abs(distance - i));
      }
    }
  }

  /**
   * A function of the caller, which receives the keys that the query sees, see {@link RowFunction}.
   *
   * @param derivative replaces the scores before the function by its derivative; null if it is not known
   */
  record Function(RowFunction function, @Nullable RowFunction derivative) implements ScoreChange {
    @Override
    public int rank() {
      return 4;
    }

    @Override
    public void apply(AttentionProblem problem, int batchEntry, int head, int query, int key, float[] scores, int at, int count) {
      problem.change(function, scores, at, count, batchEntry, head, query, key);
    }
  }
}
