package dev.lanewise.core;

import dev.lanewise.kernels.Heads;
import dev.lanewise.kernels.internal.Checks;

/**
 * Attention as the formula has it, three passes a query row, every sum in double: the oracle that the fast code is measured against. It is
 * slow, single-threaded, and reads float inputs, so its own error is about 1e-15 of the largest value.
 *
 * <p>Shapes as in {@link Attention}: query is batch × queryHeads × queries × headDim, key batch × keyValueHeads × keys × headDim, value
 * batch × keyValueHeads × keys × valueDim. Views, mask and shapes are checked as there. A masked key is never read; a query that sees no
 * key gets output 0, weights 0 and log-sum-exp −∞; a NaN score makes its own row NaN.
 */
public final class ReferenceAttention {
  private ReferenceAttention() {}

  /** softmax(scale · QKᵀ, masked) · V, dense: batch × queryHeads × queries × valueDim. */
  public static double[] compute(Heads query, Heads key, Heads value, Mask mask, double scale) {
    check(query, key, mask);
    Checks.same("value.batch", value.batch(), "key.batch", key.batch());
    Checks.same("value.heads", value.heads(), "key.heads", key.heads());
    Checks.same("value.rows", value.rows(), "key.rows", key.rows());
    int queryRows = queryRows(query);
    double[] output = new double[Checks.product("query rows", queryRows, "value.width", value.width())];
    for (int n = 0; n < queryRows; n++) {
      double[] weights = row(query, key, mask, scale, n).weights;
      // Pass 3: blend the value rows.
      for (int j = 0; j < weights.length; j++) {
        if (!sees(query, key, mask, n, j)) {
          continue;
        }
        int from = value.index(batchOf(query, n), keyValueHeadOf(query, key, n), j);
        for (int d = 0; d < value.width(); d++) {
          output[n * value.width() + d] += weights[j] * value.data()[from + d];
        }
      }
    }
    return output;
  }

  /** softmax(scale · QKᵀ, masked), dense: batch × queryHeads × queries × keys. */
  public static double[] weights(Heads query, Heads key, Mask mask, double scale) {
    check(query, key, mask);
    int queryRows = queryRows(query);
    double[] weights = new double[Checks.product("query rows", queryRows, "key.rows", key.rows())];
    for (int n = 0; n < queryRows; n++) {
      double[] row = row(query, key, mask, scale, n).weights;
      System.arraycopy(row, 0, weights, n * key.rows(), row.length);
    }
    return weights;
  }

  /** log Σ<sub>j</sub> e<sup>score[j]</sup> over the keys each query sees, dense: batch × queryHeads × queries. */
  public static double[] logSumExp(Heads query, Heads key, Mask mask, double scale) {
    check(query, key, mask);
    double[] result = new double[queryRows(query)];
    for (int n = 0; n < result.length; n++) {
      result[n] = row(query, key, mask, scale, n).logSumExp;
    }
    return result;
  }

  /** The weights of one query (0 where it does not see the key), and the logarithm of the sum they were divided by. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Row(double[] weights, double logSumExp) {}

  /** Row {@code n} of all query rows, counted over batch, head, query. */
  private static Row row(Heads query, Heads key, Mask mask, double scale, int n) {
    int b = batchOf(query, n);
    int i = n % query.rows();
    int from = query.index(b, n / query.rows() % query.heads(), i);
    double[] weights = new double[key.rows()];
    // Pass 1: scores of the keys that it sees, and their maximum.
    double max = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < weights.length; j++) {
      if (!sees(query, key, mask, n, j)) {
        weights[j] = Double.NEGATIVE_INFINITY;
        continue;
      }
      int to = key.index(b, keyValueHeadOf(query, key, n), j);
      for (int d = 0; d < query.width(); d++) {
        weights[j] += (double) query.data()[from + d] * key.data()[to + d];
      }
      weights[j] *= scale;
      max = Math.max(max, weights[j]);
    }
    if (max == Double.NEGATIVE_INFINITY) {
      return new Row(new double[weights.length], max);
    }
    // Pass 2: exponentials relative to the maximum and their sum, then the division.
    double sum = 0;
    for (int j = 0; j < weights.length; j++) {
      weights[j] = Math.exp(weights[j] - max);
      sum += weights[j];
    }
    for (int j = 0; j < weights.length; j++) {
      weights[j] /= sum;
    }
    return new Row(weights, max + Math.log(sum));
  }

  private static boolean sees(Heads query, Heads key, Mask mask, int n, int j) {
    int head = n / query.rows() % query.heads();
    return mask.visible(batchOf(query, n), head, n % query.rows(), j, query.rows(), key.rows());
  }

  private static int batchOf(Heads query, int n) {
    return n / query.rows() / query.heads();
  }

  private static int keyValueHeadOf(Heads query, Heads key, int n) {
    return n / query.rows() % query.heads() / (query.heads() / key.heads());
  }

  private static int queryRows(Heads query) {
    int heads = Checks.product("query.batch", query.batch(), "query.heads", query.heads());
    return Checks.product("query.batch * query.heads", heads, "query.rows", query.rows());
  }

  private static void check(Heads query, Heads key, Mask mask) {
    Checks.same("key.batch", key.batch(), "query.batch", query.batch());
    Checks.same("key.width", key.width(), "query.width", query.width());
    if (key.heads() == 0 ? query.heads() != 0 : query.heads() % key.heads() != 0) {
      throw new IllegalArgumentException("query.heads is " + query.heads() + ", which is no multiple of key.heads " + key.heads());
    }
    MaskRule.of(mask).check(Extents.of(query, key));
  }
}
