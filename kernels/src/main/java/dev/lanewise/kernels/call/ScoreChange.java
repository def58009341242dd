package dev.lanewise.kernels.call;

import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Stage;
import dev.lanewise.kernels.runtime.Checks;
import org.jspecify.annotations.Nullable;

/**
 * A change of the scores between similarity and mask. A {@link ScoreFormula} applies its changes in the order of {@link #rank}. Each path
 * answers each kind of change in a switch without a default branch, so a new kind does not compile until every path has an answer.
 */
public sealed interface ScoreChange {
  /** softcap · tanh(score / softcap) ("Gemma 2", 2024). */
  record Softcap(float limit) implements ScoreChange {
    public Softcap {
      if (!(limit > 0 && limit < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("softcap is " + limit + ", must be positive and finite, or 0 for none");
      }
    }
  }

  /**
   * score + bias; a bias of −∞ masks the key.
   *
   * @param ofPositions whether the bias comes from the positions of a layer and not from the caller
   */
  record AddedBias(Bias bias, boolean ofPositions) implements ScoreChange {}

  /**
   * score − slope · |position of the query − position of the key| ("Train Short, Test Long", Press et al., 2022).
   *
   * @param slopes one slope for each query head
   * @param offsets the position of query 0 of each batch entry; null aligns the last query with the last key
   * @param ofPositions as for {@link AddedBias}
   */
  record Alibi(float[] slopes, int @Nullable [] offsets, boolean ofPositions) implements ScoreChange {
    public Alibi {
      for (int head = 0; head < slopes.length; head++) {
        if (!Float.isFinite(slopes[head])) {
          throw new IllegalArgumentException("slopes[" + head + "] is " + slopes[head] + ", must be finite");
        }
      }
    }
  }

  /** A function of the caller, which receives the keys that the query sees, see {@link RowFunction}. */
  record Function(RowFunction function) implements ScoreChange {}

  /**
   * The place of the change among the changes of a formula, which has at most one change of each rank. The caller's bias comes after that
   * of positions, so that its −∞ masks a key whatever was added before.
   */
  default int rank() {
    return switch (this) {
      case Softcap _ -> 0;
      case AddedBias(_, boolean ofPositions) -> ofPositions ? 1 : 2;
      case Alibi _ -> 3;
      case Function _ -> 4;
    };
  }

  /** The stage of the scores after this change. */
  default Stage stage() {
    return switch (this) {
      case Softcap _ -> Stage.CAPPED;
      case AddedBias _, Alibi _, Function _ -> Stage.CHANGED;
    };
  }

  /** Whether the change comes from the positions of a layer. */
  default boolean ofPositions() {
    return switch (this) {
      case AddedBias(_, boolean ofPositions) -> ofPositions;
      case Alibi(_, _, boolean ofPositions) -> ofPositions;
      case Softcap _, Function _ -> false;
    };
  }

  /**
   * Checks that the change fits a call.
   *
   * @throws IllegalArgumentException naming what does not fit, with both numbers
   */
  default void check(CallShape shape) {
    switch (this) {
      case AddedBias(Bias bias, _) -> bias.check(biasName(), shape.batch(), shape.queryHeads(), shape.mostQueries(), shape.mostKeys());
      case Alibi(float[] slopes, int[] offsets, _) -> {
        Checks.same("slopes.length", slopes.length, "query.heads", shape.queryHeads());
        if (offsets != null) {
          Checks.same("offsets.length", offsets.length, shape.batchName(), shape.batch());
        }
      }
      case Softcap _, Function _ -> {}
    }
  }

  /** The name of a bias in messages. */
  default String biasName() {
    return ofPositions() ? "positionBias" : "bias";
  }
}
