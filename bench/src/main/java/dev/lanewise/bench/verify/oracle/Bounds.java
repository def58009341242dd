package dev.lanewise.bench.verify.oracle;

import dev.lanewise.kernels.data.Bias;
import dev.lanewise.kernels.data.Normaliser;
import dev.lanewise.kernels.data.Stage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The possible distance of float code from a row of the oracle, by what rounding does to these numbers: e<sup>score</sup> of a score of 10
 * 000 has an error of a thousandth at best. Each stage's bound follows from the bound of the stage before. Infinity allows every result,
 * because floats overflow.
 */
public final class Bounds {
  public static final double ANY = Double.POSITIVE_INFINITY;
  private static final double UNIT = 0x1p-24;
  private static final double LEAST = 0x1p-149;
  private static final double MOST = Float.MAX_VALUE;

  /** Below this an exponential is 0. */
  private static final double FLUSHED = 1.3e-38;

  /** The least number of keys in a tile of the library. */
  private static final int TILE = 64;

  private static final double GONE = Double.NEGATIVE_INFINITY;

  private final PlainRow row;
  private final Model model;
  private final double[] raw;
  private final double[] capped;
  private final double[] changed;
  private final double[] masked;
  private final double[] weights;
  public final double logSumExp;
  public final double[] output;

  public Bounds(PlainRow row) {
    this.row = row;
    this.model = row.model;
    this.raw = new double[row.keys];
    this.capped = new double[row.keys];
    this.changed = new double[row.keys];
    this.masked = new double[row.keys];
    this.weights = new double[row.keys];
    for (int j = 0; j < row.keys; j++) {
      raw[j] = settled(row.raw[j], new RawBound(row, j).get());
      capped[j] = settled(row.capped[j], capped(j));
      changed[j] = settled(row.changed[j], changed(j));
      masked[j] = model.sees(row.b, row.head, row.i, j) ? changed[j] : 0;
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
      case RAW -> raw;
      case CAPPED -> capped;
      case CHANGED -> changed;
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

  private double capped(int j) {
    if (model.softcap == 0 || raw[j] == ANY) {
      return raw[j];
    }
    double x = row.raw[j];
    double cap = model.softcap;
    double y = row.capped[j];
    double off = Math.max(Math.abs(cap * Math.tanh((x + raw[j]) / cap) - y), Math.abs(y - cap * Math.tanh((x - raw[j]) / cap)));
    return off + 16 * UNIT * (Math.abs(y) + off) + 4 * LEAST * (1 + cap);
  }

  private double changed(int j) {
    Bias bias = model.bias;
    double added = bias == null ? 0 : model.biasOf(bias, row.b, row.head, row.i, j);
    double relative = model.relativeOf(row.b, row.head, row.i, j);
    if (added == GONE || (model.scoreFunction != null && row.changed[j] == GONE && row.capped[j] != GONE)) {
      return 0;
    }
    float[] slopes = model.slopes;
    double distance = slopes == null ? 0 : slopes[row.head] * (double) Math.abs(model.behind(row.b, row.i, j));
    double size = Math.abs(row.capped[j]) + Math.abs(distance) + Math.abs(added) + Math.abs(relative);
    if (size >= MOST && size < Double.POSITIVE_INFINITY) {
      return ANY;
    }
    double sums = slopes == null && bias == null && model.relative == null && model.scoreFunction == null ? 0 : 8 * UNIT * (size + 1);
    boolean changes = model.sees(row.b, row.head, row.i, j);
    return (capped[j] + (Double.isFinite(sums) ? sums : 0)) * slope(changes ? model.scoreFunction : null);
  }

  private static double slope(Model.@Nullable Change change) {
    return change == null ? 1 : change.slope();
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
    boolean changed = model.weightFunction != null && weights[j] != ANY && Double.isFinite(row.weights[j]);
    return changed ? slope(model.weightFunction) * weights[j] + 4 * UNIT * (Math.abs(row.weights[j]) + 1) : weights[j];
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
