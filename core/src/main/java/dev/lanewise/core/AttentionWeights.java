package dev.lanewise.core;

import dev.lanewise.core.parallel.Scratch;
import dev.lanewise.kernels.Kernels;
import dev.lanewise.kernels.call.ViewChecks;
import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.data.Matrix;
import dev.lanewise.kernels.runtime.Checks;
import dev.lanewise.kernels.runtime.Interruption;
import dev.lanewise.kernels.runtime.ScratchPool;
import java.util.List;
import java.util.Objects;

/** Measures of attention weights, which {@link Results#withWeights(Heads)} requests. */
public final class AttentionWeights {
  /** Arrays for the matrix of a layer, and for the product before and after it. */
  private static final ScratchPool<Scratch> BUFFERS = Scratch.pool(4, 3);

  private AttentionWeights() {}

  /**
   * Computes the entropy of each row, −Σ<sub>j</sub> w<sub>j</sub> ln w<sub>j</sub>, in nats: 0 if one key has all the weight, ln n if n
   * keys have equal weights, and 0 for a row that sees no key; 0 ln 0 is 0. It is NaN if a weight is NaN or negative. It is computed in
   * double and rounded once.
   *
   * <pre>{@code
   * layer.forward(x, x, x, y, Results.of().withWeights(weights)); // batch × numHeads × queries × keys
   * AttentionWeights.entropy(weights, entropy); // batch × numHeads × queries
   * }</pre>
   *
   * @param weights batch × heads × queries × keys, rows that sum to 1 or are 0
   * @param entropy dense batch × heads × queries, written
   * @throws IllegalArgumentException if the number of elements is not the number of rows, or entropy is the array of weights; nothing has
   *     been written then
   */
  public static void entropy(Heads weights, float[] entropy) {
    Objects.requireNonNull(weights, "weights");
    Objects.requireNonNull(entropy, "entropy");
    Checks.same("entropy.length", entropy.length, "batch * heads * queries", (long) weights.batch() * weights.heads() * weights.rows());
    ViewChecks.disjoint("entropy", Heads.of(entropy, 1, 1, 1, entropy.length), "weights", weights);
    int to = 0;
    for (int b = 0; b < weights.batch(); b++) {
      for (int head = 0; head < weights.heads(); head++) {
        for (int row = 0; row < weights.rows(); row++) {
          Interruption.check();
          entropy[to++] = (float) entropy(weights, b, head, row);
        }
      }
    }
  }

  private static double entropy(Heads weights, int b, int head, int row) {
    double sum = 0;
    for (int column = 0; column < weights.width(); column++) {
      double weight = weights.data()[weights.index(b, head, row, column)];
      if (weight != 0) {
        sum -= weight * Math.log(weight);
      }
    }
    return sum;
  }

  /**
   * Computes how much each input row contributes to each row after a stack of self-attention layers ("Quantifying Attention Flow in
   * Transformers", Abnar and Zuidema, 2020): the product of A<sub>l</sub> = ½ (mean of layer l's heads + identity), with rows scaled to sum
   * to 1 and the last layer on the left. The identity represents the residual connection. A row whose weights are all 0 keeps itself.
   *
   * <pre>{@code
   * encoder.forward(x, y, weights.stream().map(Results.of()::withWeights).toList());
   * AttentionWeights.rollout(weights, rollout); // of each layer batch × numHeads × rows × rows; batch × rows × rows
   * }</pre>
   *
   * @param layers the weights of each layer, first to last: batch × heads × rows × rows; heads may differ
   * @param rollout batch × rows × rows, written: row i holds the contribution of each input row to position i
   * @throws IllegalArgumentException if there is no layer, shapes differ, or rollout shares elements with weights or with itself; nothing
   *     has been written then
   */
  public static void rollout(List<Heads> layers, SequenceBatch rollout) {
    check(layers, rollout);
    Kernels kernels = Kernels.selected();
    int rows = rollout.rows();
    if (rollout.batch() == 0 || rows == 0) {
      return;
    }
    int size = Checks.product("rollout.rows", rows, "rollout.width", rows);
    Scratch buffers = BUFFERS.take();
    try {
      Matrix layer = Matrix.of(buffers.floats(0, size), rows, rows);
      for (int b = 0; b < rollout.batch(); b++) {
        Matrix product = Matrix.of(buffers.floats(1, size), rows, rows);
        Matrix next = Matrix.of(buffers.floats(2, size), rows, rows);
        matrix(layers.get(0), b, product);
        for (Heads weights : layers.subList(1, layers.size())) {
          matrix(weights, b, layer);
          kernels.output(layer, product, next);
          Matrix former = product;
          product = next;
          next = former;
        }
        product.copyTo(rollout.matrix(b, 0, rows, 0, rows));
      }
    } finally {
      BUFFERS.give(buffers);
    }
  }

  private static void check(List<Heads> layers, SequenceBatch rollout) {
    Objects.requireNonNull(layers, "layers");
    Objects.requireNonNull(rollout, "rollout");
    Checks.atLeast("layers.size", layers.size(), 1);
    Checks.same("rollout.width", rollout.width(), "rollout.rows", rollout.rows());
    ViewChecks.writable("rollout", rollout.split(1));
    for (int i = 0; i < layers.size(); i++) {
      String name = "layers[" + i + "]";
      Heads weights = Objects.requireNonNull(layers.get(i), name);
      Checks.same(name + ".batch", weights.batch(), "rollout.batch", rollout.batch());
      Checks.atLeast(name + ".heads", weights.heads(), 1);
      Checks.same(name + ".rows", weights.rows(), "rollout.rows", rollout.rows());
      Checks.same(name + ".width", weights.width(), "rollout.rows", rollout.rows());
      ViewChecks.disjoint("rollout", rollout.split(1), name, weights);
    }
  }

  /** Writes ½ (mean over heads + identity), each row divided by its sum. */
  private static void matrix(Heads weights, int b, Matrix to) {
    for (int row = 0; row < to.rows(); row++) {
      Interruption.check();
      double sum = 0;
      for (int column = 0; column < to.columns(); column++) {
        double mean = 0;
        for (int head = 0; head < weights.heads(); head++) {
          mean += weights.data()[weights.index(b, head, row, column)];
        }
        double element = 0.5 * (mean / weights.heads() + (row == column ? 1 : 0));
        to.data()[to.offset() + row * to.columns() + column] = (float) element;
        sum += element;
      }
      for (int column = 0; column < to.columns(); column++) {
        to.data()[to.offset() + row * to.columns() + column] /= (float) sum;
      }
    }
  }
}
