package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.testing.AttentionVariant.Feature;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The formula of attention, one row at a time over all its keys. Each operation is rounded: not at all for the reference, to float for the
 * plain code whose error sets the budget.
 */
final class AttentionReference {
  private final AttentionCase call;
  private final DoubleUnaryOperator rounding;

  AttentionReference(AttentionCase call, DoubleUnaryOperator rounding) {
    this.call = call;
    this.rounding = rounding;
  }

  /** One row of output, and its log-sum-exp behind it. */
  double[] row(int b, int head, int query) {
    double[] scores = new double[call.keys(b)];
    Arrays.fill(scores, Double.NEGATIVE_INFINITY);
    for (int key = 0; key < scores.length; key++) {
      if (call.sees(b, head, query, key)) {
        scores[key] = score(b, head, query, key);
      }
    }
    double[] row = new double[call.valueWidth() + 1];
    double[] weights = new double[scores.length];
    row[call.valueWidth()] = normalise(head, scores, weights);
    for (int key = 0; key < scores.length; key++) {
      if (scores[key] != Double.NEGATIVE_INFINITY) {
        double weight = call.variant().has(Feature.WEIGHT_FUNCTION) ? round(AttentionCase.changedWeight(weights[key], key)) : weights[key];
        for (int d = 0; d < call.valueWidth(); d++) {
          row[d] = round(row[d] + round(weight * call.value(b, head, key, d)));
        }
      }
    }
    return row;
  }

  private double round(double x) {
    return rounding.applyAsDouble(x);
  }

  private double score(int b, int head, int query, int key) {
    AttentionVariant variant = call.variant();
    double score = round(call.scale() * similarity(b, head, query, key));
    if (variant.has(Feature.SOFTCAP)) {
      score = round(AttentionCase.SOFTCAP * round(Math.tanh(round(score / AttentionCase.SOFTCAP))));
    }
    if (variant.has(Feature.POSITION_BIAS)) {
      score = round(score + call.positionBias(query, key));
    }
    if (variant.has(Feature.BIAS)) {
      float bias = call.bias(b, head, query, key);
      score = bias == Float.NEGATIVE_INFINITY ? bias : round(score + bias);
    }
    if (variant.has(Feature.SLOPES)) {
      score = round(score - round(call.slopes()[head] * (double) Math.abs(query + call.keys(b) - call.queries(b) - key)));
    }
    return variant.has(Feature.SCORE_FUNCTION) ? round(AttentionCase.changedScore(score, key)) : score;
  }

  private double similarity(int b, int head, int query, int key) {
    double sum = 0;
    double queryLength = 0;
    double keyLength = 0;
    for (int d = 0; d < call.width(); d++) {
      double q = call.query(b, head, query, d);
      double k = call.key(b, head, key, d);
      double term = call.variant().has(Feature.ADDITIVE) ? round(call.vector()[d] * round(Math.tanh(round(q + k)))) : round(q * k);
      sum = round(sum + term);
      queryLength = round(queryLength + round(q * q));
      keyLength = round(keyLength + round(k * k));
    }
    return call.variant().has(Feature.COSINE) ? round(sum / round(Math.sqrt(queryLength) * Math.sqrt(keyLength))) : sum;
  }

  /** Scores become weights; returns log-sum-exp. */
  private double normalise(int head, double[] scores, double[] weights) {
    Normaliser normaliser = call.normaliser();
    int seen = (int) Arrays.stream(scores).filter(score -> score != Double.NEGATIVE_INFINITY).count();
    if (normaliser.hasLogSumExp()) {
      return softmax(scores, weights, normaliser.sink(head), seen);
    }
    for (int key = 0; key < scores.length; key++) {
      double score = scores[key];
      double weight =
          switch (normaliser.kind()) {
            case RELU -> Math.max(score, 0);
            case SQUARED_RELU -> Math.max(score, 0) * Math.max(score, 0);
            case SIGMOID -> 1 / (1 + Math.exp(-score));
            case LINEAR -> score;
            case SOFTMAX -> throw new AssertionError();
          };
      weights[key] = round(normaliser.averages() ? round(weight) / Math.max(1, seen) : weight);
    }
    return Double.NaN;
  }

  private double softmax(double[] scores, double[] weights, double sink, int seen) {
    double max = sink;
    for (double score : scores) {
      max = Math.max(max, score);
    }
    if (seen == 0) {
      return sink;
    }
    double sum = round(Math.exp(sink - max));
    for (int key = 0; key < scores.length; key++) {
      weights[key] = round(Math.exp(round(scores[key] - max)));
      sum = round(sum + weights[key]);
    }
    for (int key = 0; key < scores.length; key++) {
      weights[key] = round(weights[key] / sum);
    }
    return round(max + Math.log(sum));
  }
}
