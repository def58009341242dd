package dev.lanewise.kernels.call;

/** Euclidean lengths of rows. */
public final class Lengths {
  /** Lengths between 1 / MOST and MOST neither overflow nor underflow in a product of floats. */
  private static final double MOST = 0x1p60;

  private Lengths() {}

  /**
   * 1 / √Σ x[i]²; 0 if the row is 0, NaN if it is not finite. It adds four sums in double, which neither overflow nor underflow for any row
   * of floats.
   */
  public static double inverse(float[] x, int from, int length) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int i = 0;
    for (; i <= length - 4; i += 4) {
      sum0 += (double) x[from + i] * x[from + i];
      sum1 += (double) x[from + i + 1] * x[from + i + 1];
      sum2 += (double) x[from + i + 2] * x[from + i + 2];
      sum3 += (double) x[from + i + 3] * x[from + i + 3];
    }
    for (; i < length; i++) {
      sum0 += (double) x[from + i] * x[from + i];
    }
    double sum = (sum0 + sum1) + (sum2 + sum3);
    return sum == 0 ? 0 : Double.isInfinite(sum) ? Double.NaN : 1 / Math.sqrt(sum);
  }

  /** Whether float products with an inverse length stay in range. Rows near the ends of the range are computed in double. */
  public static boolean isModerate(double inverse) {
    return inverse == 0 || !(inverse < 1 / MOST || inverse > MOST);
  }
}
