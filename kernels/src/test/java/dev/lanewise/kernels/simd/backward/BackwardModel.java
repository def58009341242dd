package dev.lanewise.kernels.simd.backward;

import dev.lanewise.kernels.data.Heads;
import dev.lanewise.kernels.testing.AttentionMask;

/**
 * The formula of the backward pass of one head of one batch entry, operation by operation, in double or with each result rounded to float.
 * It is written from the definition and shares no code with the kernels.
 */
final class BackwardModel {
  private final double[][] query;
  private final double[][] key;
  private final double[][] value;
  private final BackwardFormula formula;
  private final AttentionMask mask;
  private final int head;
  private final boolean rounds;

  /** The scores after the softcap and after every change; −∞ where the query does not see the key. */
  private final double[][] capped;

  private final double[][] scores;

  /** The factors of dropout. */
  private final double[][] factors;

  final double[][] output;
  final double[] logSumExp;

  // the gradients
  final double[][] queryGradient;
  final double[][] keyGradient;
  final double[][] valueGradient;

  /**
   * Computes scores, output and log-sum-exp.
   *
   * @param headNumber batch entry · heads + head
   */
  BackwardModel(
      double[][] query,
      double[][] key,
      double[][] value,
      BackwardFormula formula,
      AttentionMask mask,
      int head,
      int headNumber,
      boolean rounds) {
    this.query = query;
    this.key = key;
    this.value = value;
    this.formula = formula;
    this.mask = mask;
    this.head = head;
    this.rounds = rounds;
    int width = query.length == 0 ? 0 : query[0].length;
    int valueWidth = value.length == 0 ? 0 : value[0].length;
    output = new double[query.length][valueWidth];
    logSumExp = new double[query.length];
    capped = new double[query.length][key.length];
    scores = new double[query.length][key.length];
    factors = new double[query.length][key.length];
    queryGradient = new double[query.length][width];
    keyGradient = new double[key.length][width];
    valueGradient = new double[key.length][valueWidth];
    for (int i = 0; i < query.length; i++) {
      score(i);
      drop(i, headNumber);
      logSumExp[i] = logSumExp(i);
      for (int j = 0; j < key.length; j++) {
        if (scores[i][j] > Double.NEGATIVE_INFINITY) {
          add(output[i], weight(i, j, logSumExp[i]) * factors[i][j], value[j]);
        }
      }
    }
  }

  private void score(int i) {
    for (int j = 0; j < key.length; j++) {
      double score = round(formula.scale() * dot(query[i], key[j]));
      score = formula.softcap() == 0 ? score : round(formula.softcap() * Math.tanh(score / formula.softcap()));
      capped[i][j] = score;
      score = formula.bias() == null ? score : round(score + formula.bias()[i * formula.biasKeys() + j]);
      int distance = Math.abs(i + key.length - query.length - j);
      score = formula.slopes() == null ? score : round(score - round(formula.slopes()[head] * distance));
      scores[i][j] = mask.sees(head, i, j, query.length, key.length) ? score : Double.NEGATIVE_INFINITY;
    }
  }

  private void drop(int i, int headNumber) {
    float[] drawn = new float[key.length];
    java.util.Arrays.fill(drawn, 1);
    if (formula.dropout() != null) {
      formula.dropout().factors(headNumber, i, 0, key.length, new int[4], drawn, 0);
    }
    for (int j = 0; j < key.length; j++) {
      factors[i][j] = drawn[j];
    }
  }

  private double logSumExp(int i) {
    double sink = formula.sinks() == null ? Double.NEGATIVE_INFINITY : formula.sinks()[head];
    double max = sink;
    for (double score : scores[i]) {
      max = Math.max(max, score);
    }
    double sum = Math.exp(sink - max);
    for (double score : scores[i]) {
      sum += Math.exp(score - max);
    }
    return max == Double.NEGATIVE_INFINITY ? max : max + Math.log(sum);
  }

  private double weight(int i, int j, double logSumExpOfRow) {
    double score = scores[i][j];
    return switch (formula.kind()) {
      case SOFTMAX -> round(Math.exp(round(score - logSumExpOfRow)));
      case RELU -> Math.max(score, 0);
      case SQUARED_RELU -> round(Math.max(score, 0) * Math.max(score, 0));
      case SIGMOID -> round(1 / (1 + Math.exp(-score)));
      case LINEAR -> score;
    };
  }

  /** The gradient of a score from that of its weight. */
  private double scoreGradient(int i, int j, double weight, double weightGradient, double delta) {
    return switch (formula.kind()) {
      case SOFTMAX -> round(weight * round(weightGradient - delta));
      case RELU -> scores[i][j] > 0 ? weightGradient : 0;
      case SQUARED_RELU -> round(weightGradient * 2 * Math.max(scores[i][j], 0));
      case SIGMOID -> round(weightGradient * round(weight * round(1 - weight)));
      case LINEAR -> weightGradient;
    };
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

  /** Adds the gradients of a loss whose gradients by output and log-sum-exp are given; so are the results of the forward call. */
  void run(double[][] givenOutput, double[] givenLogSumExp, double[][] outputGradient, double[] logSumExpGradient) {
    for (int i = 0; i < query.length; i++) {
      double delta = round(dot(outputGradient[i], givenOutput[i]) - logSumExpGradient[i]);
      for (int j = 0; j < key.length; j++) {
        if (scores[i][j] > Double.NEGATIVE_INFINITY) {
          double weight = weight(i, j, givenLogSumExp[i]);
          add(valueGradient[j], round(weight * factors[i][j]), outputGradient[i]);
          double gradient = scoreGradient(i, j, weight, round(dot(outputGradient[i], value[j]) * factors[i][j]), delta);
          double tanh = formula.softcap() == 0 ? 0 : round(capped[i][j] / formula.softcap());
          gradient = round(round(gradient * round(1 - round(tanh * tanh))) * formula.scale());
          add(queryGradient[i], gradient, key[j]);
          add(keyGradient[j], gradient, query[i]);
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
