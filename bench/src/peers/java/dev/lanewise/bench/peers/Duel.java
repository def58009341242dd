package dev.lanewise.bench.peers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Two programs timed in turns, A B A B, so that a machine that slows down slows both.
 *
 * @param ours seconds of the fastest run
 * @param peer the same
 * @param ratios of each round, peer / ours of its fastest runs, sorted
 */
record Duel(double ours, double peer, List<Double> ratios) {
  private static final int ROUNDS = 9;
  private static final int WINDOWS = 4;
  private static final double SETTLED = 0.02;

  /** Warms both up for half of the time, longer if they have not settled, then measures rounds in the other half. */
  static Duel of(Runnable ours, Runnable peer, double seconds) {
    warmUp(ours, seconds / 3);
    warmUp(peer, seconds / 6);
    double slice = seconds / 2 / (2 * ROUNDS);
    double[][] times = new double[2][ROUNDS];
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      times[0][round] = fastest(ours, slice);
      times[1][round] = fastest(peer, slice);
      ratios.add(times[1][round] / times[0][round]);
    }
    return new Duel(
        Arrays.stream(times[0]).min().orElseThrow(), Arrays.stream(times[1]).min().orElseThrow(), ratios.stream().sorted().toList());
  }

  double medianRatio() {
    return quantile(0.5);
  }

  /** The ratio that this part of the rounds does not pass. */
  double quantile(double part) {
    return ratios.get((int) Math.round(part * (ratios.size() - 1)));
  }

  /** Runs for a time, then until a window's fastest run is as fast as the window's before, but at most three times as long. */
  private static void warmUp(Runnable program, double seconds) {
    double before = Double.POSITIVE_INFINITY;
    for (int window = 0; window < 3 * WINDOWS; window++) {
      double now = fastest(program, seconds / WINDOWS);
      if (window >= WINDOWS - 1 && Math.abs(now - before) < SETTLED * now) {
        return;
      }
      before = now;
    }
  }

  private static double fastest(Runnable program, double seconds) {
    double fastest = Double.POSITIVE_INFINITY;
    long start = System.nanoTime();
    do {
      long before = System.nanoTime();
      program.run();
      fastest = Math.min(fastest, (System.nanoTime() - before) / 1e9);
    } while ((System.nanoTime() - start) / 1e9 < seconds);
    return fastest;
  }
}
