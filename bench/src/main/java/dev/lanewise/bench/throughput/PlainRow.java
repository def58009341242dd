package dev.lanewise.bench.throughput;

import dev.lanewise.bench.throughput.data.PlainFloat;
import dev.lanewise.bench.throughput.options.VariantOptions;
import dev.lanewise.kernels.data.Matrix;
import java.util.stream.IntStream;

/** One query row of a {@link Variant} in plain float code, as {@link PlainFloat}. */
final class PlainRow {
  private final Variant variant;
  private final int head;
  private final int query;
  private final Matrix queryRow;
  private final Matrix keyRows;

  /**
   * The given query of a head.
   *
   * @param queryRow 1 × headDim
   * @param keyRows endKey × headDim
   */
  PlainRow(Variant variant, int head, int query, Matrix queryRow, Matrix keyRows) {
    this.variant = variant;
    this.head = head;
    this.query = query;
    this.queryRow = queryRow;
    this.keyRows = keyRows;
  }

  /** Weights of the keys, 0 for those that the query does not see. */
  Matrix weights() {
    int keys = keyRows.rows();
    float[] weights = new float[keys];
    int[] seen = IntStream.range(0, keys).filter(j -> variant.sees(query, j, keys)).toArray();
    float[] seenWeights = weights(seen);
    for (int n = 0; n < seen.length; n++) {
      weights[seen[n]] = seenWeights[n];
    }
    return Matrix.of(weights, 1, keys);
  }

  private float score(int j) {
    float score = similarity(j);
    if (variant.softcap > 0) {
      score = variant.softcap * (float) Math.tanh(score / variant.softcap);
    }
    if (variant.slopes != null) {
      score -= variant.slopes[head] * (keyRows.rows() - 1 - j);
    }
    return variant.bias == null ? score : score + variant.bias[query * variant.keys + j];
  }

  private float similarity(int j) {
    return switch (variant.similarity) {
      case COSINE -> {
        float lengths =
            (float) Math.sqrt(PlainFloat.dot(queryRow, 0, queryRow, 0)) * (float) Math.sqrt(PlainFloat.dot(keyRows, j, keyRows, j));
        yield lengths == 0 ? 0 : PlainFloat.dot(queryRow, 0, keyRows, j) / lengths;
      }
      case ADDITIVE -> {
        float sum = 0;
        for (int a = 0; a < keyRows.columns(); a++) {
          sum += variant.vector[a] * (float) Math.tanh(queryRow.get(0, a) + keyRows.get(j, a));
        }
        yield sum;
      }
      case DOT -> (float) (1 / Math.sqrt(keyRows.columns())) * PlainFloat.dot(queryRow, 0, keyRows, j);
    };
  }

  /** A sink is one more score, whose weight nobody asks for. */
  private float[] weights(int[] seen) {
    float[] scores = new float[seen.length + (variant.sinks == null ? 0 : 1)];
    for (int n = 0; n < seen.length; n++) {
      scores[n] = score(seen[n]);
    }
    if (variant.weights == VariantOptions.Weights.SOFTMAX) {
      if (variant.sinks != null) {
        scores[seen.length] = variant.sinks[head];
      }
      return PlainFloat.softmax(Matrix.of(scores, 1, scores.length), 0);
    }
    for (int n = 0; n < scores.length; n++) {
      scores[n] = weight(scores[n]);
    }
    return scores;
  }

  private float weight(float score) {
    return switch (variant.weights) {
      case RELU -> Math.max(score, 0);
      case SQUARED_RELU -> Math.max(score, 0) * Math.max(score, 0);
      case SIGMOID -> 1 / (1 + (float) Math.exp(-score));
      case LINEAR -> score;
      case SOFTMAX -> throw new IllegalStateException("softmax weights are made of whole rows");
    };
  }
}
