package dev.lanewise.bench.jmh;

import dev.lanewise.kernels.Kernels;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
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
 * How every comparison here is run, and what is said of it: calls a second, and beside them the arithmetic and the memory traffic of the
 * calls ({@link Rate}).
 *
 * <p>Five forks, because what C2 makes of a kernel varies between JVMs rather than within one: results fall into a fast and a slow group,
 * one fork would show only one of them, and the spread over five shows that there are two. Within a fork the figures settle once C2 is
 * through, which three seconds of warm-up allow for: thousands of calls of a small shape, about ten of the slowest, whose loops are long
 * enough to be compiled inside a call.
 */
@SuppressWarnings("NullAway.Init") // JMH calls the setup
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 5, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public abstract class ScalarVersusVector {
  /** Plain Java. */
  protected static final Kernels SCALAR = Kernels.scalar();

  /** SIMD on the preferred lanes of the machine. */
  protected static final Kernels VECTOR = Kernels.vector();

  /** Made by {@link #prepare}. */
  private Task task;

  /**
   * What is measured.
   *
   * @param run one call on a path, {@link #SCALAR} or {@link #VECTOR}; returns the result's array, dense
   * @param flops floating-point operations of a call, a multiply-add counted as two; 0 where counting them says nothing
   * @param bytes bytes a call has to move at least, every input read once and every output written once
   * @param reference the same result in double, dense, row after row
   */
  protected record Task(Function<Kernels, float[]> run, double flops, double bytes, Supplier<double[]> reference) {}

  /**
   * Makes the inputs and computes once on both paths.
   *
   * @throws IllegalStateException if the results differ by more than the error budget; JMH then reports the benchmark as failed
   */
  @Setup
  public final void checkFunctionsAgree() {
    task = prepare();
    float[] result = task.run.apply(SCALAR);
    float[] expected = result.clone();
    // Both paths write the same array: nothing of the first may be left for the second.
    Arrays.fill(result, Float.NaN);
    check(expected, task.run.apply(VECTOR));
  }

  /**
   * Compares both paths' results.
   *
   * @throws IllegalStateException if they differ by more than they may
   */
  void check(float[] scalarResult, float[] vectorResult) {
    Agreement.check(scalarResult, vectorResult, task.reference.get());
  }

  /** Plain Java. */
  @Benchmark
  public final float[] scalar(Rate rate) {
    rate.add(task.flops, task.bytes);
    return task.run.apply(SCALAR);
  }

  /** SIMD. */
  @Benchmark
  public final float[] vector(Rate rate) {
    rate.add(task.flops, task.bytes);
    return task.run.apply(VECTOR);
  }

  /** Makes the inputs for the parameters that JMH has set. */
  protected abstract Task prepare();

  /** The memory of elements of arrays. */
  static double bytes(float[]... arrays) {
    return Arrays.stream(arrays).mapToDouble(array -> array.length).sum() * Float.BYTES;
  }

  /** An object that is made for each path before the call is timed, such as packed weights. */
  protected record ByPath<T>(T scalar, T vector) {
    /** Makes the thing for both paths. */
    static <T> ByPath<T> of(Function<Kernels, T> make) {
      return new ByPath<>(make.apply(SCALAR), make.apply(VECTOR));
    }

    /** The thing for a path. */
    T on(Kernels kernels) {
      return kernels == SCALAR ? scalar : vector;
    }
  }

  /** Counts the operations and bytes of all calls; JMH divides them by the time. */
  @State(Scope.Thread)
  @AuxCounters
  public static class Rate {
    /** 10⁹ floating-point operations. */
    public double gflops;

    /** 10⁹ bytes. */
    public double gigabytes;

    void add(double flops, double bytes) {
      gflops += flops * 1e-9;
      gigabytes += bytes * 1e-9;
    }
  }
}
