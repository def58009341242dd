package dev.lanewise.bench.demo;

/**
 * Best time of a call.
 *
 * @param seconds how long a measurement takes after as long to warm up
 */
record Stopwatch(double seconds) {

  /** Seconds of the fastest call; at least one to warm up and two that count. */
  double best(Runnable call) {
    repeat(call, seconds, 1);
    return repeat(call, seconds, 2);
  }

  private static double repeat(Runnable call, double seconds, int atLeast) {
    long start = System.nanoTime();
    long best = Long.MAX_VALUE;
    long now = start;
    for (int calls = 0; calls < atLeast || now - start < seconds * 1e9; calls++) {
      long before = System.nanoTime();
      call.run();
      now = System.nanoTime();
      best = Math.min(best, now - before);
    }
    return best / 1e9;
  }
}
