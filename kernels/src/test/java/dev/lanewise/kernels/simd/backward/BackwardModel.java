package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.testing.AttentionMask;

/**
 * The formula of the backward pass of one head of one batch entry, operation by operation, in double or with each result rounded to float.
 * It is written from the definition and shares no code with the kernels.
 */
final class BackwardModel {
  final double[][] query;
  final double[][] key;
  final double[][] value;
  final double[][] output;
  final double[] logSumExp;
  private final double[][] scores;
  private final int head;
  private final AttentionMask mask;
  private final double scale;
  private final boolean rounds;

  // the gradients
  final double[][] queryGradient;
  final double[][] keyGradient;
  final double[][] valueGradient;

  /** Computes scores, output and log-sum-exp. */
  BackwardModel(double[][] query, double[][] key, double[][] value, double scale, AttentionMask mask, int head, boolean rounds) {
    this.query = query;
    this.key = key;
    this.value = value;
    this.head = head;
    this.mask = mask;
    this.scale = scale;
    this.rounds = rounds;
    int width = query.length == 0 ? 0 : query[0].length;
    int valueWidth = value.length == 0 ? 0 : value[0].length;
    output = new double[query.length][valueWidth];
    logSumExp = new double[query.length];
    scores = new double[query.length][key.length];
    queryGradient = new double[query.length][width];
    keyGradient = new double[key.length][width];
    valueGradient = new double[key.length][valueWidth];
    for (int i = 0; i < query.length; i++) {
      double sum = 0;
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < key.length; j++) {
        scores[i][j] = round(scale * dot(query[i], key[j]));
        max = sees(i, j) ? Math.max(max, scores[i][j]) : max;
      }
      for (int j = 0; j < key.length; j++) {
        sum += sees(i, j) ? Math.exp(scores[i][j] - max) : 0;
      }
      logSumExp[i] = sum == 0 ? Double.NEGATIVE_INFINITY : max + Math.log(sum);
      for (int j = 0; j < key.length; j++) {
        if (sees(i, j)) {
          add(output[i], Math.exp(scores[i][j] - logSumExp[i]), value[j]);
        }
      }
    }
  }

  private boolean sees(int i, int j) {
    return mask.sees(head, i, j, query.length, key.length);
  }

  private double round(double x) {
    return rounds ? (float) x : x;
  }

  private double dot(double[] x, double[] y) {
    double sum = 0;
    for (int d = 0; d < x.length; d++) {
      sum = round(sum + round(x[d] * y[d]));
    }
    return sum;
  }

  private void add(double[] sum, double factor, double[] x) {
    for (int d = 0; d < x.length; d++) {
      sum[d] = round(sum[d] + round(factor * x[d]));
    }
  }

  /** Adds the gradients of a loss whose gradients by output and log-sum-exp are given; both are results of a float call. */
  void run(double[][] givenOutput, double[] givenLogSumExp, double[][] outputGradient, double[] logSumExpGradient) {
    for (int i = 0; i < query.length; i++) {
      double delta = round(dot(outputGradient[i], givenOutput[i]) - logSumExpGradient[i]);
      for (int j = 0; j < key.length; j++) {
        if (sees(i, j)) {
          double weight = round(Math.exp(round(scores[i][j] - givenLogSumExp[i])));
          add(valueGradient[j], weight, outputGradient[i]);
          double scoreGradient = round(weight * round(dot(outputGradient[i], value[j]) - delta));
          add(queryGradient[i], round(scoreGradient * scale), key[j]);
          add(keyGradient[j], round(scoreGradient * scale), query[i]);
        }
      }
    }
  }

  static double[][] rows(Heads heads, int b, int head, int from, int to) {
    double[][] rows = new double[to - from][heads.width()];
    for (int i = from; i < to; i++) {
      for (int d = 0; d < heads.width(); d++) {
        rows[i - from][d] = heads.get(b, head, i, d);
      }
    }
    return rows;
  }
}
