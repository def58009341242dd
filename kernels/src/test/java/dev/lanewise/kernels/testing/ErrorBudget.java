package dev.lanewise.kernels.testing;

import static org.assertj.core.api.Assertions.fail;

/**
 * The accuracy policy over results of which some may be infinite or NaN: error ≤ 2 × the error of plain float code + 1e-6 of the largest.
 */
final class ErrorBudget {
  private final String what;
  private double largest;
  private double plainError;
  private double error;

  ErrorBudget(String what) {
    this.what = what;
  }

  /** Takes in one element; one that is not finite must be the same everywhere. */
  void add(double expected, double plain, float actual, int row, int column) {
    if (!Double.isFinite(expected) || !Float.isFinite(actual)) {
      if (Double.compare(expected, actual) != 0) {
        fail("%s: row %d, column %d is %s instead of %s", what, row, column, actual, expected);
      }
      return;
    }
    largest = Math.max(largest, Math.abs(expected));
    plainError = Math.max(plainError, Math.abs(plain - expected));
    error = Math.max(error, Math.abs(actual - expected));
  }

  /** Fails unless the error is within the budget. */
  void check() {
    double budget = 2 * plainError + 1e-6 * largest;
    if (!(error <= budget)) {
      fail("%s: error %s is over the budget %s (plain float %s, largest value %s)", what, error, budget, plainError, largest);
    }
  }
}
