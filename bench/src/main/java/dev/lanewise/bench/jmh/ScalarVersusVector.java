package dev.lanewise.bench.jmh;

import dev.lanewise.kernels.Kernels;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How every comparison here is run.
 *
 * <p>Five forks, because what C2 makes of a kernel varies between JVMs rather than within one: results fall into a fast and a slow group,
 * one fork would show only one of them, and the spread over five shows that there are two. Within a fork the figures settle once C2 is
 * through, which three seconds of warm-up allow for: thousands of calls of a small shape, about ten of the slowest, whose loops are long
 * enough to be compiled inside a call.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 5, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public abstract class ScalarVersusVector {
  /** Plain Java. */
  protected static final Kernels SCALAR = Kernels.scalar();

  /** SIMD on the preferred lanes of the machine. */
  protected static final Kernels VECTOR = Kernels.vector();

  /** For JMH's generated subclasses. */
  protected ScalarVersusVector() {}

  /**
   * Makes the inputs and computes once on both paths.
   *
   * @throws IllegalStateException if the results differ by more than the error budget; JMH then reports the benchmark as failed
   */
  @Setup
  public final void checkFunctionsAgree() {
    prepare();
    float[] result = scalar();
    float[] expected = result.clone();
    // Both paths write the same array: nothing of the first may be left for the second.
    Arrays.fill(result, Float.NaN);
    Agreement.check(expected, vector(), reference());
  }

  /** Makes the inputs for the parameters that JMH has set. */
  protected abstract void prepare();

  /** The same result in double, dense, row after row. */
  protected abstract double[] reference();

  /** One call on the scalar path; returns the result's array, dense. */
  public abstract float[] scalar();

  /** The same call on the SIMD path. */
  public abstract float[] vector();
}
