package dev.lanewise.bench.peers.texts;

import java.util.ArrayList;
import java.util.List;

/**
 * Programs timed in turns within one process, each once a round, so that a machine that slows down slows all of them.
 *
 * @param seconds of each program, round by round
 */
record Rounds(List<List<Double>> seconds) {
  /** Runs all programs once to warm up, then round after round. */
  static Rounds of(int rounds, List<Runnable> programs) {
    List<List<Double>> seconds = new ArrayList<>();
    for (Runnable program : programs) {
      program.run();
      seconds.add(new ArrayList<>());
    }
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < programs.size(); i++) {
        long start = System.nanoTime();
        programs.get(i).run();
        seconds.get(i).add((System.nanoTime() - start) * 1e-9);
      }
    }
    return new Rounds(seconds);
  }

  /** Seconds of a program in its middle round. */
  double median(int program) {
    return middle(seconds.get(program));
  }

  /** A program's time over that of the first one, round by round, sorted. */
  List<Double> ratios(int program) {
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < seconds.getFirst().size(); round++) {
      ratios.add(seconds.get(program).get(round) / seconds.getFirst().get(round));
    }
    return ratios.stream().sorted().toList();
  }

  static double middle(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
