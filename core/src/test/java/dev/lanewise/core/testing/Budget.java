package dev.lanewise.core.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lanewise.core.reference.ReferenceAttention;

/** The accuracy policy: an error may be at most twice the error of plain float code, plus 1e-6 of the largest value. */
public final class Budget {
  private Budget() {}

  /**
   * Fails if an element of {@code actual} is further from {@code expected} than the budget, or NaN or infinite where the other is not.
   *
   * @param actual what the code under test wrote
   * @param plain what plain float code gives for the same inputs, see {@link ReferenceAttention#inFloat}
   * @param expected the truth, in double
   */
  public static void assertWithin(Object what, float[] actual, double[] plain, double[] expected) {
    assertThat(actual.length).as("length of %s", what).isEqualTo(expected.length);
    assertThat(plain.length).as("length of the plain result of %s", what).isEqualTo(expected.length);
    double largest = 0;
    double plainError = 0;
    for (int i = 0; i < expected.length; i++) {
      if (Double.isFinite(expected[i])) {
        largest = Math.max(largest, Math.abs(expected[i]));
        plainError = Math.max(plainError, Math.abs(plain[i] - expected[i]));
      }
    }
    // A wrong plain result must not increase the budget: plain float code is much more accurate than this.
    assertThat(plainError).as("error of plain float code for %s", what).isLessThanOrEqualTo(1e-4 * largest);
    double budget = 2 * plainError + 1e-6 * largest;
    for (int i = 0; i < expected.length; i++) {
      if (Double.isNaN(expected[i])) {
        assertThat(actual[i]).as("element %d of %s", i, what).isNaN();
      } else if (Double.isInfinite(expected[i])) {
        assertThat((double) actual[i]).as("element %d of %s", i, what).isEqualTo(expected[i]);
      } else if (!(Math.abs(actual[i] - expected[i]) <= budget)) {
        assertThat((double) actual[i]).as("element %d of %s", i, what).isCloseTo(expected[i], within(budget));
      }
    }
  }
}
