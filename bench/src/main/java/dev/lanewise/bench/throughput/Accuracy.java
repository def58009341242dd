package dev.lanewise.bench.throughput;

/**
 * The largest distance from the double-precision result.
 *
 * @param maxAbsError that of the measured operation
 * @param referenceError that of plain float code on the same rows
 */
record Accuracy(double maxAbsError, double referenceError) {

  /** Collects the largest errors; NaN, once seen, stays. */
  static final class Meter {
    private double maxAbsError;
    private double referenceError;

    void add(double exact, float measured, float plain) {
      maxAbsError = Math.max(maxAbsError, Math.abs(measured - exact));
      referenceError = Math.max(referenceError, Math.abs(plain - exact));
    }

    /**
     * The errors so far.
     *
     * @throws IllegalStateException if one is NaN or infinite: a time for that would be worth nothing
     */
    Accuracy result() {
      if (!Double.isFinite(maxAbsError)) {
        throw new IllegalStateException("the measured result is off by " + maxAbsError);
      }
      return new Accuracy(maxAbsError, referenceError);
    }
  }
}
