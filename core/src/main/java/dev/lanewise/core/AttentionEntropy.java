package dev.lanewise.core;

import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import java.util.Objects;

/**
 * Computes the entropy of attention weights, −Σ<sub>j</sub> w<sub>j</sub> ln w<sub>j</sub> of each row, in nats. It is 0 if one key has all
 * the weight, ln n if n keys have equal weights, and 0 for a row that sees no key; 0 ln 0 is 0.
 *
 * <pre>{@code
 * layer.forward(x, x, x, y, Results.of().withWeights(weights)); // batch × numHeads × queries × keys
 * AttentionEntropy.of(weights, entropy); // batch × numHeads × queries
 * }</pre>
 */
public final class AttentionEntropy {
  private AttentionEntropy() {}

  /**
   * Computes the entropy of each row; NaN if a weight is NaN or negative. It is computed in double and rounded once.
   *
   * @param weights batch × heads × queries × keys, rows that sum to 1 or are 0
   * @param entropy dense batch × heads × queries, written
   * @throws IllegalArgumentException if the number of elements is not the number of rows, or entropy is the array of weights; nothing has
   *     been written then
   */
  public static void of(Heads weights, float[] entropy) {
    Objects.requireNonNull(weights, "weights");
    Objects.requireNonNull(entropy, "entropy");
    Checks.same("entropy.length", entropy.length, "batch * heads * queries", (long) weights.batch() * weights.heads() * weights.rows());
    ViewChecks.disjoint("entropy", Heads.of(entropy, 1, 1, 1, entropy.length), "weights", weights);
    int to = 0;
    for (int b = 0; b < weights.batch(); b++) {
      for (int head = 0; head < weights.heads(); head++) {
        for (int row = 0; row < weights.rows(); row++) {
          Interruption.check();
          entropy[to++] = (float) of(weights, b, head, row);
        }
      }
    }
  }

  private static double of(Heads weights, int b, int head, int row) {
    double sum = 0;
    for (int column = 0; column < weights.width(); column++) {
      double weight = weights.data()[weights.index(b, head, row, column)];
      if (weight != 0) {
        sum -= weight * Math.log(weight);
      }
    }
    return sum;
  }
}
