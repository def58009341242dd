package dev.lanewise.bench.jmh;

/** The accuracy policy, for benchmarks: what is fast and wrong is not measured. */
final class Agreement {
  /** Plain float code is better than this on the benchmarks' inputs, by far; a scalar path that is not must not widen the budget. */
  private static final double PLAIN_LIMIT = 1e-5;

  private Agreement() {}

  /**
   * Checks that both paths differ by at most 2 × the error of plain float code + 1e-6 of the largest value. The scalar path is that plain
   * code, and its error the largest difference from the reference.
   *
   * @param scalar result of the scalar path
   * @param vector result of the SIMD path, of the same length
   * @param reference result in double, of the same length
   * @throws IllegalStateException if they differ by more, or the scalar path is itself wrong; the message carries the numbers
   */
  static void check(float[] scalar, float[] vector, double[] reference) {
    if (scalar.length != reference.length || vector.length != reference.length) {
      throw new IllegalStateException(
          "scalar has " + scalar.length + " elements, vector " + vector.length + ", the reference " + reference.length);
    }
    double largest = 0;
    double plainError = 0;
    for (int i = 0; i < reference.length; i++) {
      largest = Math.max(largest, Math.abs(reference[i]));
      plainError = Math.max(plainError, Math.abs(scalar[i] - reference[i]));
    }
    // Negated, so that NaN fails.
    if (!(plainError <= PLAIN_LIMIT * largest)) {
      throw new IllegalStateException("scalar is off by " + plainError + " where the largest value is " + largest);
    }
    double budget = 2 * plainError + 1e-6 * largest;
    for (int i = 0; i < reference.length; i++) {
      if (!(Math.abs((double) vector[i] - scalar[i]) <= budget)) {
        throw new IllegalStateException(
            "element " + i + " is " + vector[i] + " in vector and " + scalar[i] + " in scalar, which differ by more than " + budget);
      }
    }
  }
}
