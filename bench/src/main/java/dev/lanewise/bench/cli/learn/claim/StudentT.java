package dev.lanewise.bench.cli.learn.claim;

/** Student's t distribution. */
final class StudentT {
  /** Quantiles 0.975, from 1 degree of freedom on. */
  private static final double[] QUANTILES = {
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
    2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
  };

  private StudentT() {}

  /** The half width of a two-sided interval of 95 %, in standard errors. Degrees of freedom are rounded down. */
  static double halfWidth(double degreesOfFreedom) {
    int whole = (int) Math.max(1, Math.floor(degreesOfFreedom));
    return QUANTILES[Math.min(whole, QUANTILES.length) - 1];
  }
}
