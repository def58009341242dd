package dev.lanewise.bench.throughput.timing;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.lang.management.ThreadMXBean;

/**
 * A warm-up: repeats a call until its times settle, since a JVM interprets first and compiles meanwhile. Times have settled when for a
 * while no call was faster than all before and the JVM's own threads, which compile, had little to do. The latter matters on a busy
 * machine, where code waits long to be compiled and is evenly slow until then. Slower calls in between are the noise of the machine and
 * count for nothing.
 */
public final class Settling {
  /** Windows that must pass in a row without a faster call, together as long as the least warm-up. */
  private static final int WINDOWS = 4;

  /** Calls are faster than before only if they are by more than this fraction. */
  private static final double FASTER = 0.03;

  /** The JVM compiles if its threads take more than this part of the caller's processor time. */
  private static final double BUSY = 0.2;

  /** Operating systems count the time of a process in steps of a hundredth of a second. */
  private static final double CPU_GRAIN_SECONDS = 0.01;

  private final double leastSeconds;
  private final double mostSeconds;
  private final Clock clock;

  /** Warms up for {@code leastSeconds} at least, and for {@code mostSeconds} and one call more at most. */
  public Settling(double leastSeconds, double mostSeconds) {
    this(leastSeconds, mostSeconds, Clock.SYSTEM);
  }

  /** With another clock, for tests. */
  public Settling(double leastSeconds, double mostSeconds, Clock clock) {
    this.leastSeconds = leastSeconds;
    this.mostSeconds = mostSeconds;
    this.clock = clock;
  }

  /** Where times come from, in nanoseconds from any beginning. */
  public interface Clock {
    /** That of this machine. */
    Clock SYSTEM = new SystemClock();

    /** The same for native code, whose threads cannot be told from those of the JVM: it knows no processor time. */
    Clock NATIVE = new NativeClock();

    /** The time. */
    long nanos();

    /** Processor time of the calling thread. */
    long callerCpuNanos();

    /** Processor time of the threads of the JVM itself, which compile and collect garbage. */
    long jvmCpuNanos();
  }

  /**
   * How a warm-up ended.
   *
   * @param best seconds of the fastest call
   * @param settled whether times settled before the most seconds were over
   */
  public record Outcome(double best, boolean settled) {}

  /** Repeats the call until its times settle. */
  public Outcome run(Runnable call) {
    Moment start = now();
    Moment quietSince = start;
    double best = Double.POSITIVE_INFINITY;
    double bestBefore = best; // when it became quiet: many small steps are as good as a large one
    int quiet = 0;
    while (true) {
      best = Math.min(best, fastestOfWindow(call));
      Moment now = now();
      quiet++;
      if (best < bestBefore * (1 - FASTER) || compiles(quietSince, now)) {
        quiet = 0;
        quietSince = now;
        bestBefore = best;
      }
      if (quiet == WINDOWS) {
        return new Outcome(best, true);
      }
      if (seconds(start, now) >= mostSeconds) {
        return new Outcome(best, false);
      }
    }
  }

  private double fastestOfWindow(Runnable call) {
    long start = clock.nanos();
    double fastest = Double.POSITIVE_INFINITY;
    long end = start;
    do {
      long before = clock.nanos();
      call.run();
      end = clock.nanos();
      fastest = Math.min(fastest, (end - before) * 1e-9);
    } while ((end - start) * 1e-9 < leastSeconds / WINDOWS);
    return fastest;
  }

  private static boolean compiles(Moment from, Moment to) {
    return (to.jvmCpu - from.jvmCpu) * 1e-9 > BUSY * (to.callerCpu - from.callerCpu) * 1e-9 + CPU_GRAIN_SECONDS;
  }

  private static double seconds(Moment from, Moment to) {
    return (to.nanos - from.nanos) * 1e-9;
  }

  private Moment now() {
    return new Moment(clock.nanos(), clock.callerCpuNanos(), clock.jvmCpuNanos());
  }

  private record Moment(long nanos, long callerCpu, long jvmCpu) {}

  private static final class NativeClock implements Clock {
    @Override
    public long nanos() {
      return System.nanoTime();
    }

    @Override
    public long callerCpuNanos() {
      return 0;
    }

    @Override
    public long jvmCpuNanos() {
      return 0;
    }
  }

  private static final class SystemClock implements Clock {
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();

    @Override
    public long nanos() {
      return System.nanoTime();
    }

    @Override
    public long callerCpuNanos() {
      return threads.isCurrentThreadCpuTimeSupported() ? threads.getCurrentThreadCpuTime() : 0;
    }

    @Override
    public long jvmCpuNanos() {
      if (!threads.isThreadCpuTimeSupported() || !(system instanceof com.sun.management.OperatingSystemMXBean process)) {
        return 0;
      }
      long ofJava = 0;
      for (long id : threads.getAllThreadIds()) {
        ofJava += Math.max(0, threads.getThreadCpuTime(id)); // −1 where it has just ended
      }
      return process.getProcessCpuTime() - ofJava;
    }
  }
}
