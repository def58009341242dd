package dev.lanewise.kernels.simd.decode;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.CallResults;
import dev.lanewise.kernels.call.CallResults.Observer;
import dev.lanewise.kernels.call.ScoreFormula;
import dev.lanewise.kernels.data.Dropout;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.RowFunction;
import dev.lanewise.kernels.data.Similarity;
import dev.lanewise.kernels.simd.fused.ScoreScale;
import java.util.List;

/**
 * What decoding computes. The fused kernel computes every other call. Each component of a call is answered here: a new one does not compile
 * until it has an answer, and a new kind of similarity or normaliser is left to the fused kernel.
 */
final class DecodeSupport {
  private DecodeSupport() {}

  /** Whether decoding computes the formula and the results of a call, and can apply its whole scale to the queries. */
  static boolean supports(AttentionProblem problem) {
    return supports(problem.formula) && supports(problem.results) && ScoreScale.after(problem.scale) == 1;
  }

  private static boolean supports(ScoreFormula formula) {
    return switch (formula) {
      // any change of the scores is applied row by row, in plain Java if there is no other form
      case ScoreFormula(_, Similarity similarity, _, Normaliser normaliser, RowFunction weightFunction, Dropout dropout) ->
          similarity.kind() == Similarity.Kind.DOT
              && normaliser.kind() == Normaliser.Kind.SOFTMAX
              && weightFunction == null
              && dropout == null;
    };
  }

  private static boolean supports(CallResults results) {
    return switch (results) {
      case CallResults(_, _, _, _, List<Observer> observers) -> observers.isEmpty();
    };
  }
}
