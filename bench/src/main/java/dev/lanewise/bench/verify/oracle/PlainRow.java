package dev.lanewise.bench.verify.oracle;

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

  /** The raw scores, and the scores after each change. */
  final double[][] scores;

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
    this.scores = new double[model.changes.size() + 1][];
    scores[0] = raw();
    for (int n = 1; n < scores.length; n++) {
      scores[n] = changed(model.changes.get(n - 1), scores[n - 1]);
    }
    this.masked = masked();
    this.weights = new double[keys];
    this.logSumExp = model.normaliser.hasLogSumExp() ? softmax() : elementwise();
    reweigh();
    this.output = output();
  }

  /** The nearest float, or x itself. */
  double round(double x) {
    return single ? (float) x : x;
  }

  public double[] at(Stage stage) {
    return switch (stage) {
      case RAW -> scores[0];
      case CAPPED -> scores[model.caps()];
      case CHANGED -> scores[scores.length - 1];
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
              double left = round(Math.sqrt(dot(query, from, query, from)));
              double right = round(Math.sqrt(dot(key, to, key, to)));
              yield left == 0 || right == 0 ? 0 : round(dot(query, from, key, to) / round(left * right));
            }
            case ADDITIVE -> additive(query, from, key, to);
          };
      scores[j] = round(round(model.scale) * similarity);
    }
    return scores;
  }

  private double dot(float[] x, int from, float[] y, int to) {
    double sum = 0;
    for (int d = 0; d < model.headDim; d++) {
      sum = round(sum + round((double) x[from + d] * y[to + d]));
    }
    return sum;
  }

  private double additive(float[] x, int from, float[] y, int to) {
    double sum = 0;
    for (int d = 0; d < model.headDim; d++) {
      sum = round(sum + round(model.vector[d] * round(Math.tanh(round((double) x[from + d] + y[to + d])))));
    }
    return sum;
  }

  private double[] changed(ScoreChange change, double[] before) {
    double[] after = new double[keys];
    Arrays.setAll(after, j -> change.of(before[j], this, j));
    return after;
  }

  private double[] masked() {
    double[] seen = scores[scores.length - 1].clone();
    for (int j = 0; j < keys; j++) {
      seen[j] = model.sees(b, head, i, j) ? seen[j] : GONE;
    }
    return seen;
  }

  private double softmax() {
    double largest = Arrays.stream(masked).reduce(GONE, Math::max);
    double sink = model.normaliser.sink(head);
    if (largest == GONE) {
      return sink;
    }
    largest = Math.max(largest, sink);
    double sum = round(Math.exp(round(sink - largest)));
    for (int j = 0; j < keys; j++) {
      weights[j] = round(Math.exp(round(masked[j] - largest)));
      sum = round(sum + weights[j]);
    }
    for (int j = 0; j < keys; j++) {
      weights[j] = masked[j] == GONE ? 0 : round(weights[j] / sum);
    }
    return round(largest + round(Math.log(sum)));
  }

  private double elementwise() {
    double divisor = divisor();
    for (int j = 0; j < keys; j++) {
      weights[j] = masked[j] == GONE ? 0 : round(elementwise(masked[j]) / divisor);
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
      case SQUARED_RELU -> round(Math.max(score, 0) * Math.max(score, 0));
      case SIGMOID -> round(1 / round(1 + round(Math.exp(-score))));
      case LINEAR -> score;
      case SOFTMAX -> throw new IllegalStateException("softmax weights are made of whole rows");
    };
  }

  /** Applies the caller's function. A hidden key keeps the weight 0. */
  private void reweigh() {
    ScoreChange.Function function = model.weightFunction;
    for (int j = 0; function != null && j < keys; j++) {
      weights[j] = masked[j] == GONE ? 0 : function.of(weights[j], this, j);
    }
  }

  private double[] output() {
    double[] sums = new double[model.valueDim];
    for (int j = 0; j < keys; j++) {
      if (masked[j] != GONE) {
        int from = model.valueAt(b, head, j);
        for (int d = 0; d < model.valueDim; d++) {
          sums[d] = round(sums[d] + round(weights[j] * model.value[b][from + d]));
        }
      }
    }
    return sums;
  }
}
