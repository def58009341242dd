package dev.lanewise.bench.throughput.data;

import dev.lanewise.kernels.data.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * The largest distance from the double-precision result, or, where that would take minutes, from that of plain float code.
 *
 * @param maxAbsError that of the measured operation
 * @param referenceError that of plain float code on the same rows; null if {@code maxAbsError} is measured from it
 * @param formatError that of the measured operation from the exact result on the numbers before they were rounded to be stored; null if
 *     they were not
 */
public record Accuracy(double maxAbsError, @Nullable Double referenceError, @Nullable Double formatError) {

  /** Collects the largest errors; NaN, once seen, stays. */
  public static final class Meter {
    private double maxAbsError;
    private @Nullable Double referenceError;
    private @Nullable Double formatError;

    public void add(double exact, float measured, double plain) {
      maxAbsError = Math.max(maxAbsError, Math.abs(measured - exact));
      referenceError = Math.max(referenceError == null ? 0 : referenceError, Math.abs(plain - exact));
    }

    /** Adds the distance from plain float code. */
    public void addPlain(float plain, float measured) {
      maxAbsError = Math.max(maxAbsError, Math.abs((double) measured - plain));
    }

    /** Adds a row. */
    public void add(double[] exact, Matrix measured, double[] plain) {
      for (int column = 0; column < exact.length; column++) {
        add(exact[column], measured.get(0, column), plain[column]);
      }
    }

    /** Adds the distance from the exact result on inputs before they were rounded to be stored. */
    public void addUnrounded(double exact, float measured) {
      formatError = Math.max(formatError == null ? 0 : formatError, Math.abs(measured - exact));
    }

    /**
     * The errors so far.
     *
     * @throws IllegalStateException if one is NaN or infinite: a time for that would be worth nothing
     */
    public Accuracy result() {
      if (!Double.isFinite(maxAbsError)) {
        throw new IllegalStateException("the measured result is off by " + maxAbsError);
      }
      return new Accuracy(maxAbsError, referenceError, formatError);
    }
  }
}
