package dev.lanewise.bench.verify.oracle;

import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Stage;
import java.util.Arrays;

/**
 * The results of one query in plain loops: scores stage by stage, weights, log-sum-exp and output. In double they are the truth. With every
 * operation rounded to float and one accumulator for each sum they are the results of plain float code, the yardstick for errors.
 */
public final class PlainRow {
  private static final double GONE = Double.NEGATIVE_INFINITY;

  public final Model model;
  public final int b;
  public final int head;
  public final int i;
  public final int keys;
  public final double[] raw;
  public final double[] capped;
  public final double[] changed;
  public final double[] masked;
  public final double[] weights;
  public final double logSumExp;
  public final double[] output;
  private final boolean single;

  public PlainRow(Model model, int b, int head, int i, boolean single) {
    this.model = model;
    this.b = b;
    this.head = head;
    this.i = i;
    this.keys = model.extent.keys()[b];
    this.single = single;
    this.raw = raw();
    this.capped = capped();
    this.changed = changed();
    this.masked = masked();
    this.weights = new double[keys];
    this.logSumExp = model.normaliser.hasLogSumExp() ? softmax() : elementwise();
    reweigh();
    this.output = output();
  }

  /** The nearest float, or x itself. */
  private double r(double x) {
    return single ? (float) x : x;
  }

  public double[] at(Stage stage) {
    return switch (stage) {
      case RAW -> raw;
      case CAPPED -> capped;
      case CHANGED -> changed;
      case MASKED -> masked;
      case WEIGHTS -> weights;
    };
  }

  private double[] raw() {
    double[] scores = new double[keys];
    float[] query = model.query[b];
    float[] key = model.key[b];
    int from = model.queryAt(b, head, i);
    for (int j = 0; j < keys; j++) {
      int to = model.keyAt(b, head, j);
      double similarity =
          switch (model.similarity) {
            case DOT -> dot(query, from, key, to);
            case COSINE -> {
              double left = r(Math.sqrt(dot(query, from, query, from)));
              double right = r(Math.sqrt(dot(key, to, key, to)));
              yield left == 0 || right == 0 ? 0 : r(dot(query, from, key, to) / r(left * right));
            }
            case ADDITIVE -> additive(query, from, key, to);
          };
      scores[j] = r(r(model.scale) * similarity);
    }
    return scores;
  }

  private double dot(float[] x, int from, float[] y, int to) {
    double sum = 0;
    for (int d = 0; d < model.headDim; d++) {
      sum = r(sum + r((double) x[from + d] * y[to + d]));
    }
    return sum;
  }

  private double additive(float[] x, int from, float[] y, int to) {
    double sum = 0;
    for (int d = 0; d < model.headDim; d++) {
      sum = r(sum + r(model.vector[d] * r(Math.tanh(r((double) x[from + d] + y[to + d])))));
    }
    return sum;
  }

  private double[] capped() {
    double[] scores = raw.clone();
    if (model.softcap != 0) {
      for (int j = 0; j < keys; j++) {
        scores[j] = r(model.softcap * r(Math.tanh(r(raw[j] / model.softcap))));
      }
    }
    return scores;
  }

  private double[] changed() {
    double[] scores = capped.clone();
    float[] slopes = model.slopes;
    Bias bias = model.bias;
    for (int j = 0; j < keys; j++) {
      if (slopes != null) {
        scores[j] = r(scores[j] - r(slopes[head] * (double) Math.abs(model.behind(b, i, j))));
      }
      if (bias != null) {
        double added = model.biasOf(bias, b, head, i, j);
        scores[j] = added == GONE ? GONE : r(scores[j] + added);
      }
      scores[j] = r(scores[j] + model.relativeOf(b, head, i, j));
      scores[j] = model.sees(b, head, i, j) ? r(model.scoreOf(scores[j], b, head, i, j)) : scores[j];
    }
    return scores;
  }

  private double[] masked() {
    double[] scores = changed.clone();
    for (int j = 0; j < keys; j++) {
      scores[j] = model.sees(b, head, i, j) ? scores[j] : GONE;
    }
    return scores;
  }

  private double softmax() {
    double largest = Arrays.stream(masked).reduce(GONE, Math::max);
    double sink = model.normaliser.sink(head);
    if (largest == GONE) {
      return sink;
    }
    largest = Math.max(largest, sink);
    double sum = r(Math.exp(r(sink - largest)));
    for (int j = 0; j < keys; j++) {
      weights[j] = r(Math.exp(r(masked[j] - largest)));
      sum = r(sum + weights[j]);
    }
    for (int j = 0; j < keys; j++) {
      weights[j] = masked[j] == GONE ? 0 : r(weights[j] / sum);
    }
    return r(largest + r(Math.log(sum)));
  }

  private double elementwise() {
    double divisor = divisor();
    for (int j = 0; j < keys; j++) {
      weights[j] = masked[j] == GONE ? 0 : r(elementwise(masked[j]) / divisor);
    }
    return Double.NaN;
  }

  /** The divisor of all weights, if the normaliser is not a softmax. */
  public double divisor() {
    return model.normaliser.averages() ? Arrays.stream(masked).filter(score -> score != GONE).count() : 1;
  }

  /** The weight of a score before any division, if the normaliser is not a softmax. */
  public double elementwise(double score) {
    return switch (model.normaliser.kind()) {
      case RELU -> Math.max(score, 0);
      case SQUARED_RELU -> r(Math.max(score, 0) * Math.max(score, 0));
      case SIGMOID -> r(1 / r(1 + r(Math.exp(-score))));
      case LINEAR -> score;
      case SOFTMAX -> throw new IllegalStateException("softmax weights are made of whole rows");
    };
  }

  /** Applies the caller's function. A hidden key keeps the weight 0. */
  private void reweigh() {
    for (int j = 0; j < keys; j++) {
      weights[j] = masked[j] == GONE ? 0 : r(model.weightOf(weights[j], b, head, i, j));
    }
  }

  private double[] output() {
    double[] sums = new double[model.valueDim];
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        int from = model.valueAt(b, head, j);
        for (int d = 0; d < model.valueDim; d++) {
          sums[d] = r(sums[d] + r(weights[j] * model.value[b][from + d]));
        }
      }
    }
    return sums;
  }
}
