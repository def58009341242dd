package dev.lanewise.bench.throughput.timing;

import com.sun.management.ThreadMXBean;
import dev.lanewise.bench.throughput.Operation;
import java.lang.management.ManagementFactory;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/** Times a run: warms up until its time settles, then takes samples that are long against the clock's grain. */
public final class Stopwatch {
  private static final double SAMPLE_SECONDS = 0.005;
  private static final int MIN_SAMPLES = 3;

  /** Warm-up ends in any case after so many times its least duration: on a busy machine times may never settle. */
  private static final int MAX_WARM_UP = 10;

  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final double warmUpSeconds;
  private final double seconds;

  /** Warms up for {@code warmUpSeconds} or longer, then measures for {@code seconds}. */
  public Stopwatch(double warmUpSeconds, double seconds) {
    this.warmUpSeconds = warmUpSeconds;
    this.seconds = seconds;
  }

  /**
   * What a run takes.
   *
   * @param best seconds of one run in the fastest sample
   * @param median seconds of one run in the middle sample
   * @param allocatedBytes bytes that one run allocates on the calling thread in the middle sample, rounded up
   * @param settled whether the time of a run had settled before it was measured
   */
  public record Timing(double best, double median, long allocatedBytes, boolean settled) {}

  public Timing measure(Operation operation) {
    Settling.Outcome warm = new Settling(warmUpSeconds, MAX_WARM_UP * warmUpSeconds).run(operation::run);
    int runs = (int) Math.clamp(Math.ceil(SAMPLE_SECONDS / warm.best()), 1, Integer.MAX_VALUE);
    DoubleStream.Builder times = DoubleStream.builder();
    LongStream.Builder allocations = LongStream.builder();
    long start = System.nanoTime();
    for (int n = 0; n < MIN_SAMPLES || secondsSince(start) < seconds; n++) {
      long allocatedBefore = THREAD.getCurrentThreadAllocatedBytes();
      double time = sample(operation, runs);
      allocations.add(THREAD.getCurrentThreadAllocatedBytes() - allocatedBefore);
      times.add(time);
    }
    double[] sorted = times.build().sorted().toArray();
    long[] allocated = allocations.build().sorted().toArray();
    return new Timing(sorted[0], sorted[sorted.length / 2], Math.ceilDiv(allocated[allocated.length / 2], runs), warm.settled());
  }

  /** Seconds of one run, over {@code runs} of them. */
  private static double sample(Operation operation, int runs) {
    long start = System.nanoTime();
    for (int n = 0; n < runs; n++) {
      operation.run();
    }
    return secondsSince(start) / runs;
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }
}
