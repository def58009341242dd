package dev.lanewise.kernels.testing;

import dev.lanewise.kernels.call.AttentionProblem;
import dev.lanewise.kernels.call.ScoreChange;
import dev.lanewise.kernels.simd.fused.OnlineSoftmax;
import dev.lanewise.kernels.simd.fused.ScoreChanges;
import dev.lanewise.kernels.simd.lanes.RowOrder;
import dev.lanewise.kernels.testing.AttentionVariant.Feature;
import java.util.Arrays;

/** {@link RowOrder} in plain Java, one row and one number at a time: the bits that every vector path must have for keys in f32. */
public final class RowOrderModel {
  private final AttentionCase call;
  private final AttentionProblem problem;

  public RowOrderModel(AttentionCase call) {
    this.call = call;
    this.problem = call.problem();
  }

  /** One row of output, and its log-sum-exp behind it. */
  public float[] row(int b, int head, int query) {
    int width = call.valueWidth();
    float base = Float.NEGATIVE_INFINITY;
    double sum = 0;
    double[] joined = new double[width];
    for (int key = 0; key < call.keys(b); key += RowOrder.SPAN) {
      Span span = span(b, head, query, key);
      if (span.base == Float.NEGATIVE_INFINITY && span.sum == 0) {
        continue;
      }
      float raise = span.base > base ? RowOrder.exp(base - span.base) : 1;
      float factor = span.base > base ? 1 : RowOrder.exp(span.base - base);
      base = Math.max(base, span.base);
      sum = sum * raise + (double) factor * span.sum;
      for (int d = 0; d < width; d++) {
        joined[d] = joined[d] * raise + (double) factor * span.output[d];
      }
    }
    float sink = call.normaliser().sink(head);
    double whole = sum == 0 || sink == Float.NEGATIVE_INFINITY ? sum : sum + Math.exp((double) sink - base);
    float[] row = new float[width + 1];
    for (int d = 0; d < width; d++) {
      row[d] = sum == 0 ? 0 : (float) joined[d] * (float) (1 / whole);
    }
    row[width] = OnlineSoftmax.logSumExp(base, sum, sink);
    return row;
  }

  /** The sums of a span. */
  private static final class Span {
    float base = Float.NEGATIVE_INFINITY;
    float sum;
    final float[] output;

    Span(int width) {
      output = new float[width];
    }
  }

  private Span span(int b, int head, int query, int from) {
    Span span = new Span(call.valueWidth());
    for (int key = from; key < Math.min(from + RowOrder.SPAN, call.keys(b)); key += RowOrder.STEP) {
      step(span, b, head, query, key);
    }
    return span;
  }

  private void step(Span span, int b, int head, int query, int from) {
    float[] scores = scores(b, head, query, from);
    float largest = Float.NEGATIVE_INFINITY;
    for (float score : scores) {
      largest = Math.max(largest, score);
    }
    if (largest > span.base + RowOrder.RISE) {
      float factor = RowOrder.exp(span.base - largest);
      span.sum *= factor;
      for (int d = 0; d < span.output.length; d++) {
        span.output[d] *= factor;
      }
      span.base = largest;
    }
    float sum = 0;
    float[] output = new float[span.output.length];
    for (int i = 0; i < RowOrder.STEP; i += RowOrder.CHAIN) {
      float weights = 0;
      float[] weighted = new float[output.length];
      for (int k = i; k < i + RowOrder.CHAIN; k++) {
        if (scores[k] != Float.NEGATIVE_INFINITY) {
          float weight = RowOrder.exp(scores[k] - span.base);
          weights += weight;
          for (int d = 0; d < output.length; d++) {
            weighted[d] = Math.fma(weight, call.value(b, head, from + k, d), weighted[d]);
          }
        }
      }
      sum += weights;
      for (int d = 0; d < output.length; d++) {
        output[d] += weighted[d];
      }
    }
    span.sum += sum;
    for (int d = 0; d < output.length; d++) {
      span.output[d] += output[d];
    }
  }

  /** The scores of a step; −∞ for a hidden key. */
  private float[] scores(int b, int head, int query, int from) {
    float[] scores = new float[RowOrder.STEP];
    Arrays.fill(scores, Float.NEGATIVE_INFINITY);
    for (int k = 0; k < Math.min(RowOrder.STEP, call.keys(b) - from); k++) {
      if (call.sees(b, head, query, from + k)) {
        scores[k] = score(b, head, query, from + k);
      }
    }
    return scores;
  }

  private float score(int b, int head, int query, int key) {
    float score = 0;
    for (int d = 0; d < call.width(); d++) {
      score = Math.fma(call.query(b, head, query, d) * call.scale(), call.key(b, head, key, d), score);
    }
    AttentionVariant variant = call.variant();
    if (variant.has(Feature.SOFTCAP)) {
      float[] vector = new float[RowOrder.STEP];
      vector[0] = score;
      ScoreChanges.applyToRow(problem, new ScoreChange.Softcap(AttentionCase.SOFTCAP), b, head, query, key, vector, 0, 1);
      score = vector[0];
    }
    if (variant.has(Feature.POSITION_BIAS)) {
      score += call.positionBias(query, key);
    }
    if (variant.has(Feature.BIAS)) {
      float bias = call.bias(b, head, query, key);
      score = bias == Float.NEGATIVE_INFINITY ? bias : score + bias;
    }
    if (variant.has(Feature.SLOPES)) {
      score = Math.fma((float) Math.abs(query + call.keys(b) - call.queries(b) - key), -call.slopes()[head], score);
    }
    return variant.has(Feature.SCORE_FUNCTION) ? (float) AttentionCase.changedScore(score, key) : score;
  }
}
