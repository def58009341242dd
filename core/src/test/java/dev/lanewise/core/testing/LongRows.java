package dev.lanewise.core.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanewise.kernels.Kernels;
import dev.lanewise.testing.TestedKernels;
import java.util.Arrays;
import java.util.List;

/** What tests of sums and means over 2<sup>20</sup> rows share: rows of one value, and the error that a result may have. */
public final class LongRows {
  public static final int MANY = 1 << 20;
  public static final List<Kernels> PATHS = TestedKernels.all();
  private static final float[] VALUES = {0.1f, 1 / 3f, 0.7f};

  private LongRows() {}

  /** Values that floats hold with an error, so that long sums of them drift. */
  public static float[] inexactValues() {
    return VALUES.clone();
  }

  public static float[] filled(int length, float value) {
    float[] filled = new float[length];
    Arrays.fill(filled, value);
    return filled;
  }

  /** Checks that numbers are within 1e-6 of what is expected. */
  public static void assertClose(String what, double expected, float... actual) {
    for (float x : actual) {
      assertThat(Math.abs(x - expected)).as("%s: %s for %s", what, x, expected).isLessThanOrEqualTo(1e-6 * Math.abs(expected));
    }
  }
}
