package dev.lanewise.bench.verify.oracle;

import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Stage;
import java.util.Arrays;

/**
 * The possible distance of float code from a row of the oracle, by what rounding does to these numbers: e<sup>score</sup> of a score of 10
 * 000 has an error of a thousandth at best. Each stage's bound follows from the bound of the stage before. Infinity allows every result,
 * because floats overflow.
 */
public final class Bounds {
  public static final double ANY = Double.POSITIVE_INFINITY;
  static final double UNIT = 0x1p-24;
  static final double LEAST = 0x1p-149;
  private static final double MOST = Float.MAX_VALUE;

  /** Below this an exponential is 0. */
  private static final double FLUSHED = 1.3e-38;

  /** The least number of keys in a tile of the library. */
  private static final int TILE = 64;

  static final double GONE = Double.NEGATIVE_INFINITY;

  private final PlainRow row;
  private final Model model;

  /** The errors of the raw scores, and of the scores after each change. */
  private final double[][] scores;

  private final double[] masked;
  private final double[] weights;
  public final double logSumExp;
  public final double[] output;

  public Bounds(PlainRow row) {
    this.row = row;
    this.model = row.model;
    this.scores = new double[row.scores.length][row.keys];
    this.masked = new double[row.keys];
    this.weights = new double[row.keys];
    for (int j = 0; j < row.keys; j++) {
      scores[0][j] = settled(row.scores[0][j], new RawBound(row, j).get());
      for (int n = 1; n < scores.length; n++) {
        double y = row.scores[n][j];
        scores[n][j] = settled(y, model.changes.get(n - 1).bound(row.scores[n - 1][j], y, scores[n - 1][j], row, j));
      }
      masked[j] = model.sees(row.b, row.head, row.i, j) ? scores[scores.length - 1][j] : 0;
    }
    this.logSumExp = model.normaliser.kind() == Normaliser.Kind.SOFTMAX ? softmax() : elementwise();
    for (int j = 0; j < row.keys; j++) {
      weights[j] = gone(j) ? 0 : settled(row.weights[j], reweighed(j));
    }
    this.output = new double[model.valueDim];
    double[] factors = accumulated();
    for (int d = 0; d < model.valueDim; d++) {
      output[d] = output(d, factors);
    }
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

  public double[] weights() {
    return weights;
  }

  /** A number too large for a float may become anything. A number that is not finite is exact, unless everything was allowed before. */
  private static double settled(double x, double bound) {
    if (Double.isInfinite(x) || Double.isNaN(x)) {
      return bound == ANY ? ANY : 0;
    }
    return Math.abs(x) + bound >= MOST || Double.isNaN(bound) ? ANY : bound;
  }

  /** The rounding of a few sums with terms of this size; 0 if they are not finite and so exact. */
  static double rounding(double size) {
    double off = 8 * UNIT * (Math.abs(size) + 1);
    return Double.isFinite(off) ? off : 0;
  }

  /** Whether a key is certainly hidden. */
  private boolean gone(int j) {
    return row.masked[j] == GONE && masked[j] != ANY;
  }

  /** The error of a logit in an exponential: it is multiplied by log2 e, and the largest logit is subtracted. */
  private double logit(int j) {
    return masked[j] + 4 * UNIT * Math.abs(row.masked[j]);
  }

  private double softmax() {
    double sink = model.normaliser.sink(row.head);
    double largest = sink;
    boolean any = false;
    for (int j = 0; j < row.keys; j++) {
      any |= masked[j] == ANY;
      largest = Math.max(largest, row.masked[j]);
    }
    if (!any && Arrays.stream(row.masked).allMatch(score -> score == GONE)) {
      return 0;
    }
    if (any || Double.isNaN(largest) || Double.isInfinite(largest)) {
      for (int j = 0; j < row.keys; j++) {
        weights[j] = gone(j) || !any ? 0 : ANY;
      }
      return any || largest == -GONE ? ANY : 0;
    }
    return softmax(largest, sink);
  }

  /** A weight is least where its own logit is least and all others are largest, and the other way round. */
  private double softmax(double largest, double sink) {
    double sum = Math.exp(sink - largest);
    double low = sum;
    double high = sum;
    for (int j = 0; j < row.keys; j++) {
      if (row.masked[j] != GONE) {
        sum += Math.exp(row.masked[j] - largest);
        low += Math.exp(row.masked[j] - logit(j) - largest);
        high += Math.exp(row.masked[j] + logit(j) - largest);
      }
    }
    double summing = Model.summing(row.keys, 16);
    for (int j = 0; j < row.keys; j++) {
      if (row.masked[j] != GONE) {
        double weight = Math.exp(row.masked[j] - largest) / sum;
        double most = Math.min(1, Math.exp(row.masked[j] + logit(j) - largest) / low);
        double least = Math.exp(row.masked[j] - logit(j) - largest) / high;
        weights[j] =
            Math.max(Double.isNaN(most) ? 1 : most - weight, weight - (Double.isNaN(least) ? 0 : least)) + summing * weight + FLUSHED;
      }
    }
    double spread = Math.max(Math.log(high) - Math.log(sum), Math.log(sum) - Math.log(low));
    return spread + summing + 8 * UNIT * (Math.abs(largest) + Math.abs(Math.log(sum)));
  }

  private double elementwise() {
    double divisor = row.divisor();
    boolean counted = !model.normaliser.averages() || Arrays.stream(masked).noneMatch(bound -> bound == ANY);
    for (int j = 0; j < row.keys; j++) {
      double x = row.masked[j];
      if (x == GONE || masked[j] == ANY || !counted) { // a score that may be −∞ may or may not count
        weights[j] = counted ? masked[j] : ANY;
        continue;
      }
      double y = row.elementwise(x);
      double off = Math.max(Math.abs(row.elementwise(x + masked[j]) - y), Math.abs(y - row.elementwise(x - masked[j])));
      double exponential = model.normaliser.kind() == Normaliser.Kind.SIGMOID ? y * Math.expm1(4 * UNIT * Math.abs(x)) : 0;
      double bound = (off + exponential + 8 * UNIT * (Math.abs(y) + off)) / divisor + FLUSHED;
      weights[j] = Math.abs(y) >= MOST && Double.isFinite(y) ? ANY : Double.isFinite(y) ? bound : 0;
    }
    return 0;
  }

  private double reweighed(int j) {
    ScoreChange.Function function = model.weightFunction;
    if (function == null || weights[j] == ANY || !Double.isFinite(row.weights[j])) {
      return weights[j];
    }
    return function.slope() * weights[j] + 4 * UNIT * (Math.abs(row.weights[j]) + 1);
  }

  /** The factors of the accumulated values. Weights are divided by their sum, or by the number of keys, at the end. */
  private double[] accumulated() {
    boolean softmax = model.normaliser.kind() == Normaliser.Kind.SOFTMAX;
    double largest = Arrays.stream(row.masked).reduce(GONE, Math::max);
    double divisor = row.divisor();
    double[] factors = new double[row.keys];
    for (int j = 0; j < row.keys; j++) {
      // in several tiles, the first factors may be far larger until a tile has a larger score
      double exponent = row.keys > TILE ? 0 : Math.min(0, row.masked[j] + 2 * logit(j) - largest);
      factors[j] = gone(j) ? 0 : softmax ? Math.exp(exponent) : Math.abs(row.weights[j]) * divisor;
    }
    return factors;
  }

  private double output(int d, double[] factors) {
    double sum = 0;
    double size = 0;
    double whole = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = GONE;
    double largest = 0;
    for (int j = 0; j < row.keys; j++) {
      if (gone(j)) {
        continue;
      }
      int at = model.valueAt(row.b, row.head, j) + d;
      double x = model.value[row.b][at];
      double weight = Math.abs(row.weights[j]);
      float[] errors = model.valueError[row.b];
      double stored = errors == null ? 0 : errors[at];
      if (weights[j] == ANY || (!Double.isFinite(x) && weight <= weights[j])) {
        return ANY;
      }
      if (Double.isFinite(x) && Double.isFinite(weight)) {
        sum += weights[j] * Math.abs(x) + weight * stored;
        size += weight * Math.abs(x);
        whole += Math.max(weight, factors[j]) * Math.abs(x);
        largest = Math.max(largest, Math.abs(x) + stored);
        least = Math.min(least, x - stored);
        most = Math.max(most, x + stored);
      }
    }
    boolean passes = whole >= MOST / 2;
    if (!Double.isFinite(row.output[d])) {
      return passes ? ANY : 0;
    }
    double bound = sum + Model.summing(row.keys, 16) * size + FLUSHED * largest * row.keys + 4 * LEAST * row.keys;
    if (model.normaliser.kind() == Normaliser.Kind.SOFTMAX && model.weightFunction == null) {
      boolean sink = model.normaliser.sink(row.head) > GONE;
      double lowest = sink ? Math.min(0, least) : least;
      double highest = sink ? Math.max(0, most) : most;
      double hull = Math.max(highest - row.output[d], row.output[d] - lowest);
      bound = Math.min(bound, Math.max(0, hull) + 1e-4 * largest + FLUSHED);
    }
    return settled(row.output[d], passes ? ANY : bound);
  }
}
