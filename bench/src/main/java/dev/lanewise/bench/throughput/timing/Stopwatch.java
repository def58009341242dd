package dev.lanewise.bench.throughput.timing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * Times a call: warms up until its times settle, then measures.
 *
 * @param warmUp how the warm-up ends
 * @param seconds how long the measurement takes
 */
public record Stopwatch(Settling warmUp, double seconds) {
  private static final double SAMPLE_SECONDS = 0.005;
  private static final int MIN_SAMPLES = 3;

  /** The fastest calls of the warm-up and of the measurement may differ by this fraction. */
  private static final double AGREEMENT = 0.1;

  private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /**
   * A stopwatch on the clock of this machine.
   *
   * @param warmUpSeconds how long the warm-up takes at least
   * @param most the warm-up ends in any case after so many times its least duration: on a busy machine times may never settle
   * @param seconds how long the measurement takes
   */
  public static Stopwatch of(double warmUpSeconds, int most, double seconds) {
    return new Stopwatch(new Settling(warmUpSeconds, most * warmUpSeconds, Clock.SYSTEM), seconds);
  }

  /**
   * The time of the fastest call.
   *
   * @param settled whether the time will be about the same if it is measured again; false while the JVM compiles or the machine is busy
   */
  public record Time(double seconds, boolean settled) {}

  /**
   * Samples of a call.
   *
   * @param best seconds of one call in the fastest sample
   * @param median seconds of one call in the middle sample
   * @param allocatedBytes bytes that one call allocates on the calling thread in the middle sample, rounded up
   * @param settled whether the times had settled before they were measured
   */
  public record Timing(double best, double median, long allocatedBytes, boolean settled) {}

  /** Times single calls, which must be long against the clock's grain. */
  public Time fastest(Runnable call) {
    Settling.Outcome warm = warmUp.run(call);
    double best = warmUp.clock().fastest(call, seconds);
    return new Time(best, warm.settled() && Math.abs(best - warm.best()) <= AGREEMENT * warm.best());
  }

  /** Times samples of as many calls as fill 5 ms. */
  public Timing samples(Runnable call) {
    Settling.Outcome warm = warmUp.run(call);
    Clock clock = warmUp.clock();
    int calls = (int) Math.clamp(Math.ceil(SAMPLE_SECONDS / warm.best()), 1, Integer.MAX_VALUE);
    DoubleStream.Builder times = DoubleStream.builder();
    LongStream.Builder allocations = LongStream.builder();
    long start = clock.nanos();
    for (int n = 0; n < MIN_SAMPLES || clock.secondsSince(start) < seconds; n++) {
      long allocatedBefore = THREAD.getCurrentThreadAllocatedBytes();
      double time = sample(call, calls, clock);
      allocations.add(THREAD.getCurrentThreadAllocatedBytes() - allocatedBefore);
      times.add(time);
    }
    double[] sorted = times.build().sorted().toArray();
    long[] allocated = allocations.build().sorted().toArray();
    return new Timing(sorted[0], sorted[sorted.length / 2], Math.ceilDiv(allocated[allocated.length / 2], calls), warm.settled());
  }

  /** Seconds of one call, averaged over {@code calls} of them. */
  private static double sample(Runnable call, int calls, Clock clock) {
    long start = clock.nanos();
    for (int n = 0; n < calls; n++) {
      call.run();
    }
    return clock.secondsSince(start) / calls;
  }
}
