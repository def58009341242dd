package dev.lanewise.bench.throughput.timing;

/**
 * A warm-up: repeats a call until its times settle, because a JVM first interprets and compiles meanwhile.
 *
 * <p>Times have settled when for a while no call was faster than all before and the JVM's own threads, which compile, had little to do. The
 * second condition matters on a busy machine, where code waits long for its compilation and is evenly slow until then. Slower calls in
 * between are noise of the machine and are ignored.
 *
 * @param leastSeconds how long the warm-up takes at least
 * @param mostSeconds when it ends in any case, after the call that is running
 */
public record Settling(double leastSeconds, double mostSeconds, Clock clock) {
  /** Windows in a row that must pass without a faster call; together they are as long as the least warm-up. */
  private static final int WINDOWS = 4;

  /** A call is faster than before only if it is faster by more than this fraction. */
  private static final double FASTER = 0.03;

  /** The JVM compiles if its threads take more than this part of the caller's processor time. */
  private static final double BUSY = 0.2;

  /** Operating systems count the time of a process in steps of a hundredth of a second. */
  private static final double CPU_GRAIN_SECONDS = 0.01;

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
    double bestBefore = best; // at the start of the quiet windows: many small steps count as much as a large one
    int quiet = 0;
    while (true) {
      best = Math.min(best, clock.fastest(call, leastSeconds / WINDOWS));
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
      if ((now.nanos - start.nanos) * 1e-9 >= mostSeconds) {
        return new Outcome(best, false);
      }
    }
  }

  private static boolean compiles(Moment from, Moment to) {
    return (to.jvmCpu - from.jvmCpu) * 1e-9 > BUSY * (to.callerCpu - from.callerCpu) * 1e-9 + CPU_GRAIN_SECONDS;
  }

  private Moment now() {
    return new Moment(clock.nanos(), clock.callerCpuNanos(), clock.jvmCpuNanos());
  }

  private record Moment(long nanos, long callerCpu, long jvmCpu) {}
}
