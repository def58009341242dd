package dev.lanewise.kernels.testing;

import static org.assertj.core.api.Assertions.fail;

import dev.lanewise.kernels.data.Matrix;
import java.util.function.BiConsumer;
import java.util.function.DoubleUnaryOperator;

/** Feeds arguments to an elementwise kernel in batches and keeps the largest error against the same function in double. */
public final class UlpSweep {
  private final BiConsumer<Matrix, Matrix> kernel;
  private final DoubleUnaryOperator reference;
  private final Matrix x = Matrix.zeros(1, 4096);
  private final Matrix result = Matrix.zeros(1, 4096);
  private int count;
  private long arguments;
  private double maxUlp;
  private double maxDenormalUlp;
  private float worst;

  /**
   * A sweep of one function.
   *
   * @param kernel computes the second matrix from the first
   */
  public UlpSweep(BiConsumer<Matrix, Matrix> kernel, DoubleUnaryOperator reference) {
    this.kernel = kernel;
    this.reference = reference;
  }

  public void add(float argument) {
    x.data()[count++] = argument;
    if (count == x.columns()) {
      flush();
    }
  }

  /**
   * Adds every {@code step}th of the 2³² bit patterns, with all exponents and both signs; with an odd step every combination of low bits
   * occurs.
   */
  public void addPatterns(int step) {
    for (long bits = Integer.MIN_VALUE; bits <= Integer.MAX_VALUE; bits += step) {
      add(Float.intBitsToFloat((int) bits));
    }
  }

  /** Adds every float from {@code first} to {@code last}, which have the same sign. */
  public void addAll(float first, float last) {
    int from = Math.min(Float.floatToRawIntBits(first), Float.floatToRawIntBits(last));
    int to = Math.max(Float.floatToRawIntBits(first), Float.floatToRawIntBits(last));
    for (int bits = from; bits <= to; bits++) {
      add(Float.intBitsToFloat(bits));
    }
  }

  /** Adds the floats around {@code center}, {@code radius} to each side. */
  public void addAround(double center, int radius) {
    int bits = Float.floatToRawIntBits((float) center);
    for (int i = -radius; i <= radius; i++) {
      add(Float.intBitsToFloat(bits + i));
    }
  }

  private void flush() {
    arguments += count;
    Matrix written = Matrix.of(result.data(), 1, count);
    kernel.accept(Matrix.of(x.data(), 1, count), written);
    for (int i = 0; i < count; i++) {
      measure(x.data()[i], written.data()[i]);
    }
    count = 0;
  }

  private void measure(float argument, float actual) {
    double expected = reference.applyAsDouble(argument);
    float rounded = (float) expected;
    if (Float.isNaN(rounded) || Float.isInfinite(rounded)) {
      if (Float.compare(actual, rounded) != 0) {
        fail("f(%s) is %s instead of %s", argument, actual, rounded);
      }
      return;
    }
    if (!Float.isFinite(actual)) {
      fail("f(%s) is %s instead of %s", argument, actual, rounded);
    }
    double ulps = Math.abs(actual - expected) / Math.ulp(rounded);
    if (Math.abs(rounded) < Float.MIN_NORMAL) {
      maxDenormalUlp = Math.max(maxDenormalUlp, ulps);
    } else if (ulps > maxUlp) {
      maxUlp = ulps;
      worst = argument;
    }
  }

  public long arguments() {
    flush();
    return arguments;
  }

  /** Largest error where the result is a normal float, in units of its last place. */
  public double maxUlp() {
    flush();
    return maxUlp;
  }

  /** Largest error where the result is denormal or 0, in units of {@link Float#MIN_VALUE}. */
  public double maxDenormalUlp() {
    flush();
    return maxDenormalUlp;
  }

  @Override
  public String toString() {
    return "%d arguments, largest error %.4f ULP at %s, %.4f ULP where denormal".formatted(arguments(), maxUlp(), worst, maxDenormalUlp());
  }
}
