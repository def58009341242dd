package dev.lanewise.bench.peers;

import dev.lanewise.bench.throughput.timing.Clock;
import dev.lanewise.bench.throughput.timing.Settling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Two programs timed in turns, A B A B, so that a machine that slows down slows both.
 *
 * @param ours seconds of the fastest run
 * @param peer the same of the other program
 * @param ratios peer / ours of the fastest runs of each round, sorted
 * @param settled whether the times of both had settled before they were measured
 */
record Duel(double ours, double peer, List<Double> ratios, boolean settled) {
  private static final int ROUNDS = 9;

  /** Warm-up ends in any case after so many times its least duration. */
  private static final int MAX_WARM_UP = 5;

  /** Warms both up for half of the time, longer if they have not settled, then measures rounds in the other half. */
  static Duel of(Runnable ours, Runnable peer, double seconds) {
    boolean oursSettled = warmUp(ours, seconds / 3, Clock.SYSTEM);
    boolean peerSettled = warmUp(peer, seconds / 6, Clock.NATIVE);
    double slice = seconds / 2 / (2 * ROUNDS);
    double[][] times = new double[2][ROUNDS];
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      times[0][round] = Clock.SYSTEM.fastest(ours, slice);
      times[1][round] = Clock.SYSTEM.fastest(peer, slice);
      ratios.add(times[1][round] / times[0][round]);
    }
    return new Duel(
        Arrays.stream(times[0]).min().orElseThrow(),
        Arrays.stream(times[1]).min().orElseThrow(),
        ratios.stream().sorted().toList(),
        oursSettled && peerSettled);
  }

  double medianRatio() {
    return quantile(0.5);
  }

  double leastRatio() {
    return quantile(0);
  }

  double greatestRatio() {
    return quantile(1);
  }

  /** The ratio that this part of the rounds does not exceed. */
  double quantile(double part) {
    return ratios.get((int) Math.round(part * (ratios.size() - 1)));
  }

  private static boolean warmUp(Runnable program, double seconds, Clock clock) {
    return new Settling(seconds, MAX_WARM_UP * seconds, clock).run(program).settled();
  }
}
