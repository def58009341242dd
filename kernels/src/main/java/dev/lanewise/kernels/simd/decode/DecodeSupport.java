package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallResults.Observer;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.simd.fused.ScoreScale;
import java.util.List;

/**
 * What decoding computes. The fused kernel computes every other call. Each component of a call and each kind of it is answered here: a new
 * one does not compile until it has an answer.
 */
final class DecodeSupport {
  private DecodeSupport() {}

  /** Whether decoding computes the formula and the results of a call, and can apply its whole scale to the queries. */
  static boolean supports(AttentionProblem problem) {
    return supports(problem.formula) && supports(problem.results) && ScoreScale.after(problem.scale) == 1;
  }

  private static boolean supports(ScoreFormula formula) {
    return switch (formula) {
      case ScoreFormula(_, Similarity similarity, List<ScoreChange> changes, Normaliser normaliser, RowFunction weightFunction) ->
          supports(similarity.kind()) && supports(normaliser.kind()) && supports(changes) && weightFunction == null;
    };
  }

  private static boolean supports(CallResults results) {
    return switch (results) {
      case CallResults(_, _, _, _, List<Observer> observers) -> observers.isEmpty();
    };
  }

  private static boolean supports(Similarity.Kind kind) {
    return switch (kind) {
      case DOT -> true;
      case COSINE, ADDITIVE -> false;
    };
  }

  private static boolean supports(Normaliser.Kind kind) {
    return switch (kind) {
      case SOFTMAX -> true;
      case RELU, SQUARED_RELU, SIGMOID, LINEAR -> false;
    };
  }

  private static boolean supports(List<ScoreChange> changes) {
    boolean all = true;
    for (ScoreChange change : changes) {
      all &=
          switch (change) {
            case ScoreChange.Softcap _, ScoreChange.AddedBias _, ScoreChange.Alibi _, ScoreChange.Function _ -> true;
          };
    }
    return all;
  }
}
