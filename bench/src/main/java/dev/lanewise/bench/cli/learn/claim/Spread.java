package dev.lanewise.bench.cli.learn.claim;

import java.util.Arrays;

/**
 * A figure of several seeds.
 *
 * @param values the figure of each seed
 */
public record Spread(double[] values) {

  /** Number of seeds. */
  public int count() {
    return values.length;
  }

  /** The mean; NaN without seeds. */
  public double mean() {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** The unbiased estimate of the variance; NaN with fewer than two seeds. */
  public double variance() {
    double mean = mean();
    return Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum() / (count() < 2 ? Double.NaN : count() - 1);
  }

  /** The standard deviation; NaN with fewer than two seeds. */
  public double deviation() {
    return Math.sqrt(variance());
  }

  /** The smallest value. */
  public double least() {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }

  /** The largest value. */
  public double most() {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }
}
