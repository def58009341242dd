package dev.lanewise.bench.cli.demo;

import dev.lanewise.bench.throughput.timing.Settling;

/**
 * Best time of a call.
 *
 * @param seconds how long a measurement takes, after a warm-up as long or longer
 * @param clock where times come from
 */
record Stopwatch(double seconds, Settling.Clock clock) {
  /** A warm-up ends after so many times its least duration, settled or not. */
  private static final int MAX_WARM_UP = 40;

  /** By this fraction the fastest call of the warm-up and that of the measurement may differ. */
  private static final double SETTLED = 0.1;

  /**
   * What a call takes.
   *
   * @param seconds of the fastest call
   * @param settled whether the time will be about the same if it is measured again; not so while the JVM compiles or the machine is busy
   */
  record Time(double seconds, boolean settled) {}

  /** Warms up until the time settles, then takes two calls or more. */
  Time best(Runnable call) {
    Settling.Outcome warm = new Settling(seconds, MAX_WARM_UP * seconds, clock).run(call);
    long start = clock.nanos();
    long best = Long.MAX_VALUE;
    long now = start;
    for (int calls = 0; calls < 2 || now - start < seconds * 1e9; calls++) {
      long before = clock.nanos();
      call.run();
      now = clock.nanos();
      best = Math.min(best, now - before);
    }
    return new Time(best / 1e9, warm.settled() && Math.abs(best / 1e9 - warm.best()) <= SETTLED * warm.best());
  }
}
